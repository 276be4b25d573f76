// The page as a whole: what changes what.

const THEME = 'batchsora theme';
const THEMES = ['auto', 'light', 'dark'];
const VIEWS = ['gallery', 'timeline', 'numbers'];

function setView(view) {
  asked.view = view;
  writeHash(viewed);
  draw();
  scrollTo(0, Math.min(scrollY, byId('bar').offsetTop));
}

function draw() {
  for (const view of VIEWS) byId(view).hidden = view !== asked.view;
  for (const it of byId('views').children) {
    it.setAttribute('aria-current', String(it.dataset.view === asked.view));
  }
  document.documentElement.dataset.view = asked.view;
  showControls();
  filters.draw();
  if (asked.view === 'gallery') gallery.show(shown);
  if (asked.view === 'timeline') drawTimeline();
  if (asked.view === 'numbers') drawNumbers();
  sayHowMany();
}

function showControls() {
  const search = byId('search');
  if (search.value !== asked.search) search.value = asked.search;
  byId('order').value = asked.order;
  byId('reverse').setAttribute('aria-pressed', String(asked.reversed));
  byId('clear').hidden = !isNarrowed();
  const picks = [...asked.picked.values()].reduce((sum, it) => sum + it.size, 0);
  byId('filters-open').textContent = picks ? `Filters (${picks})` : 'Filters';
}

// A screen reader would read every number that one types past.
const sayHowMany = settled(() => {
  byId('shown').textContent = howMany();
}, 150);

function howMany() {
  const all = `${count(jobs.length)} ${jobs.length === 1 ? 'job' : 'jobs'}`;
  if (jobs.length === 0) return 'No jobs';
  if (shown.length === 0) return `No job fits: 0 of ${all}`;
  return shown.length === jobs.length ? all : `${count(shown.length)} of ${all}`;
}

const drawMarks = () => {
  const { keep, reject } = countMarks();
  byId('marks-open').textContent =
    keep + reject ? `Marks: ${count(keep)} ✓ ${count(reject)} ✕` : 'Marks';
  byId('marks-open').setAttribute('aria-label', `Marks: ${keep} to keep, ${reject} to reject`);
  drawNotice();
};

selectionChanged.listen(() => {
  writeHash(viewed);
  draw();
  const top = byId('sheet').offsetTop - byId('bar').offsetHeight;
  if (scrollY > top) scrollTo(0, top);
});
// Whoever marks goes on from there: nothing is scrolled, and only what falls out goes away.
marksChanged.listen(() => {
  drawMarks();
  if (asked.picked.has('mark')) draw();
  else filters.draw();
});

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const next = { auto: 'light', light: 'dark', dark: 'auto' }[theme];
  const names = { auto: 'as the system', light: 'light', dark: 'dark' };
  fill(byId('theme'), { auto: '◐', light: '☀', dark: '☾' }[theme]);
  byId('theme').setAttribute('aria-label', `Colours: ${names[theme]}. Press for: ${names[next]}`);
  byId('theme').title = `Colours: ${names[theme]}`;
  byId('theme').onclick = () => {
    memory.keep(THEME, next);
    setTheme(next);
  };
}

function listenToControls() {
  const search = byId('search');
  const searchNow = () => {
    if (search.value === asked.search) return;
    asked.search = search.value;
    select();
  };
  search.addEventListener('input', settled(searchNow, 90));
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    searchNow();
    if (shown.length) activeList().goTo(0);
  });
  fill(
    byId('order'),
    ...[...ORDERS].map(([key, { title }]) => el('option', { value: key }, title)),
  );
  byId('order').addEventListener('change', (event) => {
    asked.order = event.target.value;
    select();
  });
  byId('reverse').addEventListener('click', () => {
    asked.reversed = !asked.reversed;
    select();
  });
  byId('clear').addEventListener('click', () => {
    clearSelection();
    search.focus();
  });
  byId('small').addEventListener('click', () => {
    setSmall(!document.documentElement.classList.contains('small-cards'));
  });
  byId('filters-open').addEventListener('click', () => {
    openFilters(byId('filters-open').getAttribute('aria-expanded') !== 'true');
  });
  byId('marks-open').addEventListener('click', openMarks);
  byId('keys-open').addEventListener('click', openKeys);
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault(); // the address has its own meaning here
    byId('clips').focus();
  });
  for (const it of byId('views').children)
    it.addEventListener('click', () => setView(it.dataset.view));
  addEventListener('popstate', followAddress);
  addEventListener('beforeprint', drawNumbers);
}

/** Somebody went back, or typed an address. */
function followAddress() {
  clearTimeout(writing);
  const before = hashOfAsked(null);
  const job = readHash(location.hash);
  if (hashOfAsked(null) !== before) select();
  showViewed(job);
}

function showViewed(job) {
  if (job === null) closeViewer();
  else if (job !== viewed) openViewer(job, { step: false });
}

function begin() {
  byId('page').hidden = false;
  const theme = memory.recall(THEME);
  setTheme(THEMES.includes(theme) ? theme : 'auto');
  showSmall(memory.recall(SMALL) === 'yes');
  drawMasthead();
  listenToControls();
  drawMarks();
  const job = readHash(location.hash);
  select();
  showViewed(job);
}

begin();
