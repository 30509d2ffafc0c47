// SPDX-License-Identifier: BSD-3-Clause
// For the page and, called from ./check, for its tests and its bench.
import js from '@eslint/js';
import globals from 'globals';

const rules = {
  ...js.configs.recommended.rules,
  'no-unused-vars': ['error', { args: 'after-used' }],
  'no-shadow': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
  // The page writes text, never markup: names come from databases and from the wire.
  'no-restricted-properties': [
    'error',
    { property: 'innerHTML', message: 'use textContent' },
    { property: 'outerHTML', message: 'use textContent' },
    { property: 'insertAdjacentHTML', message: 'use textContent' },
    { object: 'document', property: 'write', message: 'use textContent' },
  ],
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
};

export default [
  { ignores: ['**/dist/', '**/node_modules/'] },
  { files: ['**/src/**/*.js'], languageOptions: { globals: globals.browser }, rules },
  {
    // Tests run in Node and hand functions to the browser.
    files: ['**/*.mjs'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules,
  },
];
