// The gallery: a grid of cards.

const SMALL = 'batchsora small cards'; // under this name the browser keeps the choice

/** Heights and least widths are the stylesheet's: it knows the letters. */
function measureCards(width) {
  const style = getComputedStyle(byId('cards'));
  const length = (name) => Number.parseFloat(style.getPropertyValue(name));
  const gap = length('--card-gap');
  const columns = Math.max(1, Math.floor((width + gap) / (length('--card-least') + gap)));
  return {
    columns,
    width: (width - gap * (columns - 1)) / columns,
    height: length('--card-height'),
    gap,
  };
}

const gallery = new WindowedList(byId('cards'), { build: cardOf, measure: measureCards });

// Who has gone on looks at the next one.
byId('cards').addEventListener('focusin', (event) => {
  if (playing !== null && event.target.closest('.card') !== playing.stage.closest('.card')) {
    stopPlaying();
  }
});

function setSmall(small) {
  showSmall(small);
  memory.keep(SMALL, small ? 'yes' : 'no');
  gallery.show(gallery.jobs);
}

function showSmall(small) {
  document.documentElement.classList.toggle('small-cards', small);
  byId('small').setAttribute('aria-pressed', String(small));
}

/** The stage of a job's card, where it is in the page and has a clip. */
function playCard(job) {
  const stage = gallery.items.get(job.key)?.querySelector('.stage');
  if (stage && job.hasClip) togglePlaying(job, stage);
}

marksChanged.listen((job) => {
  const marked = job === undefined ? gallery.items.keys() : [job.key];
  for (const key of marked) {
    const card = gallery.items.get(key);
    if (card !== undefined) showMark(card, jobByKey.get(key));
  }
});
