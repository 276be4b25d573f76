// Elements, built one by one: whatever the data says becomes text, never markup.

const SVG = 'http://www.w3.org/2000/svg';
const byId = (id) => document.getElementById(id);

/**
 * Makes an element. Of the attributes, functions are listeners (`click`), null and false leave it
 * out; of the children, text is made legible, null and false are left out.
 */
function el(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** Makes an element of a drawing. */
function drawn(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, legible(value));
    }
  }
  element.append(...children.flat().filter(isThere).map(asNode));
  return element;
}

const isThere = (child) => child !== null && child !== undefined && child !== false;
const asNode = (child) => (child instanceof Node ? child : legible(child));

/** A text of unknown direction, which leaves the texts around it as they are. */
const apart = (text, attributes = {}) => el('bdi', attributes, text);

function button(label, press, attributes = {}) {
  return el('button', { type: 'button', click: press, ...attributes }, label);
}

/** Fills an element anew. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(isThere).map(asNode));
}

/** Says something to everybody: below on the page, and to screen readers. */
function tell(text) {
  const told = byId('told');
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
  const code = el('code', {}, text);
  const copy = button(label, () => copyText(text, code), { 'aria-label': `Copy: ${text}` });
  return el('span', { class: 'copyable' }, code, copy);
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
