/**
 * Creates elements without parsing markup: text from a server cannot become an element.
 *
 * @typedef {Node|string|number|null|undefined|false} Child
 * @typedef {Record<string, unknown>} Attributes
 */

/**
 * `on…` attributes are listeners, `true` and `false` set or omit an attribute, any other value is converted to text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Child|Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...toNodes(children));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...(Child|Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...toNodes(children));
  return /** @type {SVGElement} */ (element);
}

/** @param {Element} element @param {Attributes} attributes */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2).toLowerCase(), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
}

/** @param {(Child|Child[])[]} children @returns {(Node|string)[]} */
function toNodes(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== '')
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Renders one child per item. Elements whose key is already present are reused, and keep the focus.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} create
 * @param {(element: HTMLElement, item: T) => void} [update]
 */
export function renderKeyed(parent, items, key, create, update) {
  /** @type {Map<string, HTMLElement>} */
  const existing = new Map();
  for (const child of parent.children) {
    if (child instanceof HTMLElement && child.dataset.key) existing.set(child.dataset.key, child);
  }
  /** @type {ChildNode|null} */
  let next = parent.firstChild;
  for (const item of items) {
    const itemKey = key(item);
    let element = existing.get(itemKey);
    if (element) {
      existing.delete(itemKey);
      update?.(element, item);
    } else {
      element = create(item);
      element.dataset.key = itemKey;
    }
    if (element === next) next = next.nextSibling;
    else parent.insertBefore(element, next);
  }
  while (next) {
    const removed = next;
    next = next.nextSibling;
    removed.remove();
  }
}
