// SPDX-License-Identifier: BSD-3-Clause
// With the server its page is upgraded: an answer names the build that the server has.

const RELOAD_PAUSE_MS = 300e3;

export class Build {
  #seen = null;
  #before;

  /** @param {() => void} before what is to be kept is kept there */
  constructor(before) {
    this.#before = before;
  }

  check(build) {
    if (build === undefined || build === this.#seen) return;
    if (this.#seen) this.#reload();
    else this.#seen = build;
  }

  /**
   * Not while the server has no page to give: from an error page nothing comes back. And not again
   * and again: two servers behind one name may answer in turns.
   */
  async #reload() {
    const last = Number(sessionStorage.getItem('reloaded'));
    if (Math.abs(Date.now() - last) < RELOAD_PAUSE_MS) return;
    const page = await fetch('./', { cache: 'no-store' }).catch(() => null);
    if (!page?.ok) return;
    sessionStorage.setItem('reloaded', String(Date.now()));
    this.#before();
    location.reload();
  }
}
