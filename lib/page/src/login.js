// SPDX-License-Identifier: BSD-3-Clause
// The page where a password is given: who is in gets a cookie, and then what was asked for.

const byId = (id) => document.getElementById(id);

/** RFC 7617: name and password, UTF-8, base64. */
function basic(name, password) {
  const octets = new TextEncoder().encode(`${name}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...octets))}`;
}

async function logIn(name, password) {
  const answer = await fetch('api/v1/session', {
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { Authorization: basic(name, password) },
  }).catch(() => null);
  if (!answer) return 'The server does not answer.';
  if (answer.ok) return '';
  if (answer.status === 401) return 'No such name, or another password.';
  if (answer.status === 429) {
    const wait = Number(answer.headers.get('retry-after')) || 1;
    return `Too many wrong ones: try again in ${wait} s.`;
  }
  return `The server answers with HTTP ${answer.status}.`;
}

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = event.target.querySelector('button');
  button.disabled = true;
  byId('said').textContent = '';
  const said = await logIn(byId('name').value, byId('password').value);
  button.disabled = false;
  if (!said) {
    if (location.pathname.endsWith('/login.html')) location.replace('./');
    else location.reload();
    return;
  }
  byId('said').textContent = said;
  byId('password').select();
  byId('password').focus();
});
byId('name').focus();
