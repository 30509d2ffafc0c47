// SPDX-License-Identifier: BSD-3-Clause
// A file that was saved: what is in it is all that there is, of now or of a time of the past.

import { pillOf, bannerOf, pastBanner } from './status.js';
import { queryOf } from './url-state.js';
import * as format from './formats.js';

/** Where to save what one looks at: of the past with the timeline around it. */
export function savePath({ window, side }, past) {
  if (!past.range) return `ip_heatmap.html${queryOf({ window, side })}`;
  const query = past.query();
  if (side) query.set('side', side);
  return `ip_heatmap.html?${query}`;
}

export function showSaved(page) {
  const { saved, status, panel } = page;
  const generated = new Date(saved.generated);
  const { timeline } = saved;
  const time = (text) => Date.parse(text) / 1000;
  const range = saved.past && { from: time(saved.past.from), to: time(saved.past.to) };
  if (range) page.past.keep(range, timeline); // before the counts, which say what time they are of
  page.take(saved);
  document.title = `IP heatmap ${format.utc(generated)}`;
  document.body.classList.add('saved');
  status.clock(generated);
  status.pill(pillOf('snapshot', page.snapshot));
  if (range) {
    status.banner(pastBanner(range, page.snapshot, ''));
    panel.past(range);
  } else {
    const banner = bannerOf({ freshness: 'snapshot', snapshot: page.snapshot });
    status.banner(banner?.look === 'note' ? null : banner);
    panel.saved(generated);
  }
}
