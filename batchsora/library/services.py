"""The services that have a name here."""

GPTPROTO = "https://gptproto.com"  # where no other is named
SIMULATOR = "simulator"  # the embedded one, as a ledger calls it
