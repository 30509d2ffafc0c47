// SPDX-License-Identifier: BSD-3-Clause
// Making elements. Text goes in as text only: names come from a database, talkers from the wire.

export const byId = (id) => document.getElementById(id);

/** element('span', 'name', 'Paris') */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** A name whose direction of writing stays its own: the number beside it is not drawn into it. */
export const nameOf = (text) => element('bdi', '', text);

/** Replaces what is in `parent`; what had the focus has it again, known by its data-id. */
export function refill(parent, ...children) {
  const { activeElement } = document;
  const { id } = parent.contains(activeElement) ? activeElement.dataset : {};
  parent.replaceChildren(...children);
  if (id !== undefined) focusId(parent, id);
}

export function focusId(parent, id) {
  parent.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}

/** Writes only what changed: assistive technology speaks each write of a live region. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A stacked TCP/UDP bar, each part in percent of the bar. */
export function layerBar(tcpPercent, udpPercent) {
  const bar = element('div', 'bar');
  for (const [layer, percent] of [
    ['tcp', tcpPercent],
    ['udp', udpPercent],
  ]) {
    const part = element('i', layer);
    part.style.width = `${percent}%`;
    bar.append(part);
  }
  return bar;
}

/** A button that stays pressed. */
export function setPressed(button, on) {
  button.setAttribute('aria-pressed', String(on));
}
