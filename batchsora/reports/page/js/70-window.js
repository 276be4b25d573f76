// A list of which only the part near the viewport is in the page, however long it is.

const BEYOND = 0.6; // of the viewport's height, above and below: drawn before it is scrolled to

/** The height at the viewport's top that is taken: by the bar, on a phone by the search alone. */
function coveredAbove() {
  const above = ['bar', 'finding', 'axis'].map((id) => byId(id).getBoundingClientRect().bottom);
  return Math.max(0, ...above);
}

class WindowedList {
  /**
   * `build(job)` makes an item; `measure(width)` says how items stand:
   * { columns, width, height, gap } in pixels.
   */
  constructor(list, { build, measure }) {
    Object.assign(this, { list, build, measure });
    this.jobs = [];
    this.items = new Map(); // of a job's key: its item, where it is in the page
    this.current = null; // the job that the keys are about
    this.width = 0;
    addEventListener('scroll', () => this.drawSoon(), { passive: true });
    new ResizeObserver(() => this.layOut()).observe(list);
    list.addEventListener('focusin', (event) => this.follow(event.target));
  }

  show(found) {
    // the keys are about nothing that is out of sight
    if (!this.hasFocus && !found.includes(this.current)) this.current = null;
    this.jobs = found;
    this.width = 0;
    this.layOut();
  }

  /** Takes new measures where the width is another, and draws. */
  layOut() {
    const width = this.list.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    this.shape = this.measure(width);
    const rows = Math.ceil(this.jobs.length / this.shape.columns);
    this.list.style.height = `${rows * this.pitch}px`;
    this.drawn = null;
    this.draw();
  }

  get hasFocus() {
    return this.list.contains(document.activeElement);
  }

  get pitch() {
    return this.shape.height + this.shape.gap;
  }

  drawSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  /** The places of the first item near the viewport, and of the one behind the last. */
  near() {
    const top = -this.list.getBoundingClientRect().top;
    const spare = innerHeight * BEYOND;
    const row = (y) => Math.floor(y / this.pitch) * this.shape.columns;
    const end = row(top + innerHeight + spare) + this.shape.columns;
    return [Math.max(0, row(top - spare)), Math.min(this.jobs.length, Math.max(0, end))];
  }

  draw() {
    if (!this.shape || this.list.clientWidth === 0) return;
    const [first, end] = this.near();
    if (this.drawn === `${first} ${end}`) return;
    this.drawn = `${first} ${end}`;
    const focused = this.hasFocus ? this.current : null;
    const places = this.placesNear(first, end, focused);
    this.removeAllBut(places);
    this.place(places);
    if (focused !== null && !places.has(focused)) this.goOn();
  }

  /** The places of the jobs that are to be in the page, in order. */
  placesNear(first, end, focused) {
    const places = this.jobs.slice(first, end).map((job, by) => [job, first + by]);
    const at = focused === null ? -1 : this.jobs.indexOf(focused);
    // what has the focus stays, wherever it is: a reader would lose its place
    if (at !== -1 && at < first) places.unshift([focused, at]);
    if (at >= end) places.push([focused, at]);
    return new Map(places);
  }

  removeAllBut(places) {
    for (const [key, item] of this.items) {
      if (places.has(jobByKey.get(key))) continue;
      if (playing !== null && item.contains(playing.stage)) stopPlaying();
      this.items.delete(key);
      item.remove();
    }
  }

  place(places) {
    let next = this.list.firstElementChild;
    for (const [job, at] of places) {
      const item = this.items.get(job.key) ?? this.add(job);
      if (item === next) next = next.nextElementSibling;
      else this.list.insertBefore(item, next);
      this.setPlace(item, at);
    }
  }

  add(job) {
    const item = this.build(job);
    this.items.set(job.key, item);
    return item;
  }

  setPlace(item, at) {
    const { columns, width, gap } = this.shape;
    const x = (at % columns) * (width + gap);
    item.style.transform = `translate(${x}px, ${Math.floor(at / columns) * this.pitch}px)`;
    item.style.width = `${width}px`;
    item.setAttribute('aria-setsize', this.jobs.length);
    item.setAttribute('aria-posinset', at + 1);
  }

  follow(target) {
    const item = target.closest('[data-key]');
    if (item === null) return;
    this.current = jobByKey.get(item.dataset.key);
    this.currentPlace = this.jobs.indexOf(this.current);
  }

  /** Gives the focus back to what had it; where that is shown no more, to what took its place. */
  goOn() {
    const here = this.jobs.indexOf(this.current);
    const at = here === -1 ? Math.min(this.currentPlace, this.jobs.length - 1) : here;
    if (this.jobs.length) this.goTo(at);
    else byId('clips').focus();
  }

  step(by) {
    const here = this.current === null ? -1 : this.jobs.indexOf(this.current);
    const at = here === -1 ? this.firstInSight() : here + by;
    if (this.jobs.length) this.goTo(Math.max(0, Math.min(this.jobs.length - 1, at)));
  }

  firstInSight() {
    const top = coveredAbove() - this.list.getBoundingClientRect().top;
    return Math.max(0, Math.ceil(top / this.pitch)) * this.shape.columns;
  }

  /** Scrolls to an item, and gives it the focus. */
  goTo(at) {
    this.scrollTo(at);
    this.draw();
    const item = this.items.get(this.jobs[at].key);
    item?.focus({ preventScroll: true });
  }

  scrollTo(at) {
    const listTop = this.list.getBoundingClientRect().top;
    const top = listTop + Math.floor(at / this.shape.columns) * this.pitch;
    const covered = coveredAbove() + this.shape.gap;
    if (top < covered) scrollBy(0, top - covered);
    else if (top + this.pitch > innerHeight) {
      scrollBy(0, Math.min(top - covered, top + this.pitch - innerHeight));
    }
  }
}
