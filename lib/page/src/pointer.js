// SPDX-License-Identifier: BSD-3-Clause
// Which place is meant by a point of the stage, and what a pointer opens there.

const PICK_REM = 1.4; // how near the pointer must be
const HOVER_MS = 60;

/**
 * The hottest place within reach of a point of the stage. Where there is none, a click means the land: what
 * is known to be somewhere in that country.
 */
export function pick({ countries, land, places, view, selection }, x, y, click) {
  const alone = (best) => ({ best, others: { count: 0, sum: 0 } });
  if (countries.on) return alone(countries.at(view, x, y, selection));
  const reach = (PICK_REM * view.rem) ** 2;
  let best = -1;
  let bestHeat = 0;
  let count = 0;
  let sum = 0;
  for (let i = 0; i < places.length; i++) {
    const right = view.screenX(places.x[i]) - x;
    const down = view.screenY(places.y[i]) - y;
    if (right * right + down * down > reach) continue;
    const heat = places.shown(i, selection);
    if (heat <= 0) continue;
    count++;
    sum += heat;
    if (heat > bestHeat) {
      bestHeat = heat;
      best = i;
    }
  }
  if (best < 0 && click && places.anyCountryOnly) {
    const country = land.countryAt(...view.sheet(x, y));
    return alone(country ? places.ofLand(country.index, selection) : -1);
  }
  return { best, others: { count: count - 1, sum: sum - bestHeat } };
}

/** Hovering shows a place's card, a click keeps it. */
export function watchPointer(page) {
  const { stage } = page;
  let timer = 0;
  const local = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const onControl = (event) => event.target.closest('[data-no-zoom], .spot');
  for (const type of ['pointerdown', 'pointermove', 'wheel', 'keydown']) {
    window.addEventListener(type, () => page.touched(), { passive: true, capture: true });
  }
  stage.addEventListener('pointermove', (event) => {
    clearTimeout(timer);
    if (event.pointerType === 'touch' || event.buttons) return;
    if (page.card.pinned) return;
    const [x, y] = local(event);
    const label = event.target.closest('.spot'); // hovering a label is hovering its place
    const look = () => {
      if (label) page.openId(Number(label.dataset.id));
      else if (onControl(event)) page.leaveCard();
      else page.openAt(x, y, false);
    };
    timer = setTimeout(() => page.card.pinned || look(), HOVER_MS);
  });
  stage.addEventListener('pointerleave', () => {
    clearTimeout(timer);
    page.leaveCard();
  });
  stage.addEventListener('click', (event) => {
    if (onControl(event)) return;
    page.card.hide();
    page.openAt(...local(event), true);
  });
}
