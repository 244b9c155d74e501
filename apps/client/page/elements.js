/**
 * Makes an element. Texts become text and never markup, whoever they came from.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * The element with this id, which the page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/**
 * Sets a text if it is another one, so that screen readers say only what is new.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {number | null | undefined} ms */
export function milliseconds(ms) {
  return typeof ms === 'number' ? `${ms.toFixed(Math.abs(ms) < 10 ? 1 : 0)} ms` : '-';
}

/** @param {number | null} ratio */
export function share(ratio) {
  return ratio === null ? '-' : `${(ratio * 100).toFixed(1)} %`;
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en');
}

/** @param {string} way */
export function wayText(way) {
  return way === 'direct' ? 'directly' : `by ${way}`;
}
