// The filters: for each facet its values, with how many jobs picking each would show.

const AT_ONCE = 8; // values that a facet lists unasked
const AT_MOST = 200;

const filters = {
  groups: new Map(), // of a facet's key: { it, group, boxes of its values }
  wanted: new Map(), // of a facet's key: the words by which its values are looked for

  draw() {
    const offered = offeredFacets();
    const keys = offered.map((it) => it.key).join('\n');
    if (keys !== this.keys) this.build(offered);
    this.keys = keys;
    for (const group of this.groups.values()) showCounts(group);
    this.columns?.querySelectorAll('option').forEach((it) => {
      it.hidden = asked.columns.has(it.value);
    });
  },

  build(offered) {
    this.groups = new Map(offered.map((it) => [it.key, groupOf(it)]));
    this.columns = columnChoice();
    fill(byId('filters'), ...[...this.groups.values()].map(({ group }) => group), this.columns);
  },
};

function groupOf(it) {
  const values = allValues(it);
  const list = el('div.choices');
  const built = { it, values, list, boxes: new Map() };
  const find = values.length > AT_ONCE ? valueSearch(built) : null;
  const drop = it.key.startsWith('column ') ? dropColumn(it) : null;
  built.group = el(
    'fieldset',
    { hidden: values.length === 0 },
    el('legend', apart(it.title)),
    drop,
    find,
    list,
  );
  listValues(built, '');
  return built;
}

function valueSearch(built) {
  const words = `Find among ${count(built.values.length)}`;
  return el('input', {
    type: 'search',
    class: 'find',
    placeholder: words,
    'aria-label': `${words} of ${built.it.title}`,
    input: (event) => listValues(built, event.target.value),
  });
}

/** Lists the values that hold these words, and always those that are picked. */
function listValues(built, words) {
  const wanted = words.trim().toLowerCase();
  const picks = picksOf(built.it) ?? new Set();
  const fits = (value) => built.it.words(value).toLowerCase().includes(wanted);
  const found = built.values.filter(fits).slice(0, wanted ? AT_MOST : AT_ONCE);
  const listed = [...new Set([...[...picks].filter((value) => !found.includes(value)), ...found])];
  built.boxes = new Map(listed.map((value) => [value, choiceOf(built.it, value)]));
  fill(built.list, ...[...built.boxes.values()].map(({ label }) => label));
  showCounts(built);
}

function choiceOf(it, value) {
  const input = el('input', { type: 'checkbox', change: () => pick(it, value, input.checked) });
  const number = el('span.count');
  const words = value === NOTHING ? el('i', 'empty') : apart(it.words(value));
  return {
    input,
    number,
    label: el('label', input, el('span.value', words), number),
  };
}

function showCounts({ it, boxes }) {
  const counts = facetCounts.get(it.key);
  const picks = picksOf(it);
  for (const [value, { input, number, label }] of boxes) {
    const found = counts?.get(value) ?? 0;
    number.textContent = count(found);
    label.classList.toggle('none', found === 0);
    input.checked = picks?.has(value) ?? false;
  }
}

function columnChoice() {
  if (!COLUMN_FACETS.length) return null;
  const choice = el(
    'select',
    {
      id: 'columns',
      change: () => {
        asked.columns.add(choice.value);
        select();
        byId('columns').focus();
      },
    },
    el('option', { value: '' }, 'Choose a column…'),
    COLUMN_FACETS.map((it) => el('option', { value: it.key }, it.title)),
  );
  return el('p.columns', el('label', { for: 'columns' }, 'Filter by a column'), choice);
}

function dropColumn(it) {
  return button(
    '×',
    () => {
      asked.columns.delete(it.key);
      asked.picked.delete(it.key);
      select();
      byId('columns').focus();
    },
    { class: 'link drop', 'aria-label': `Stop filtering by ${it.title}` },
  );
}

function openFilters(open) {
  document.documentElement.classList.toggle('filters-open', open);
  byId('filters-open').setAttribute('aria-expanded', String(open));
}
