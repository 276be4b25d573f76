// Elements, built one by one: whatever the data says becomes text, never markup.

const SVG = 'http://www.w3.org/2000/svg';
const byId = (id) => document.getElementById(id);

/**
 * Makes an element: `el('p.facts', { title: 'more' }, 'text', child)`. Of the attributes, functions
 * are listeners (`click`), and true is there without a value; null and false are left out, as they
 * are of the children. Text is made legible.
 */
function el(what, ...contents) {
  const [tag, ...classes] = what.split('.');
  return furnish(document.createElement(tag), classes, contents);
}

/** Makes an element of a drawing. */
function drawn(what, ...contents) {
  const [tag, ...classes] = what.split('.');
  return furnish(document.createElementNS(SVG, tag), classes, contents);
}

function furnish(element, classes, contents) {
  if (classes.length) element.setAttribute('class', classes.join(' '));
  const hasAttributes = contents[0]?.constructor === Object;
  if (hasAttributes) setAttributes(element, contents[0]);
  const children = hasAttributes ? contents.slice(1) : contents;
  element.append(...children.flat().filter(isThere).map(asNode));
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (isThere(value)) element.setAttribute(name, legible(value));
  }
}

const isThere = (child) => child !== null && child !== undefined && child !== false;
const asNode = (child) => (child instanceof Node ? child : legible(child));

/** A text of unknown direction, which leaves the texts around it as they are. */
const apart = (text) => el('bdi', text);

function button(label, press, attributes = {}) {
  return el('button', { type: 'button', click: press, ...attributes }, label);
}

/** Fills an element anew. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(isThere).map(asNode));
}

const told = byId('told'); // it moves about, and is out of the page while a dialog is filled anew

/** Says something to everybody: below on the page, and to screen readers. */
function tell(text) {
  // a dialog is in front of all else, and what is behind it is not read out
  const front = [...document.querySelectorAll('dialog[open]')].at(-1) ?? byId('page');
  if (told.parentElement !== front) front.append(told);
  told.textContent = legible(text);
  told.classList.add('seen');
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => told.classList.remove('seen'), 4000);
}

/** A command to be copied: it stands there whole, too, for where copying is refused. */
function copyable(text, label = 'Copy') {
  const code = el('code', text);
  const copy = button(label, () => copyText(text, code), { 'aria-label': `Copy: ${text}` });
  return el('span.copyable', code, copy);
}

async function copyText(text, shownIn) {
  try {
    await navigator.clipboard.writeText(text);
    tell('Copied');
  } catch {
    getSelection().selectAllChildren(shownIn);
    tell('This browser does not let a page copy: it is selected for you');
  }
}

/** Something that others listen to. */
function bell() {
  const listeners = [];
  return {
    listen: (listener) => listeners.push(listener),
    ring: (...what) => listeners.forEach((listener) => listener(...what)),
  };
}

/** Calls once, when calls have ceased for a while. */
function settled(act, wait_ms) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait_ms);
  };
}

const wantsCalm = matchMedia('(prefers-reduced-motion: reduce)');
