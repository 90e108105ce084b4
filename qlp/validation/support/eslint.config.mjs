// Used only where a project brings no ESLint configuration of its own.
import { createRequire } from 'node:module';
const require = createRequire('/opt/qlp/node/package.json');
const js = require('@eslint/js');
const tseslint = require('typescript-eslint');

const globals = Object.fromEntries(
  ['process', 'console', 'Buffer', 'fetch', 'URL', 'URLSearchParams', 'setTimeout', 'clearTimeout', 'setInterval',
    'clearInterval', 'setImmediate', 'queueMicrotask', 'structuredClone', 'performance', 'AbortController',
    'TextEncoder', 'TextDecoder', 'crypto', 'require', 'module', 'exports', '__dirname', '__filename']
    .map((name) => [name, 'readonly']),
);
export default [
  { ignores: ['dist/**', 'node_modules/**', '.qlp/**', '.home/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommended.map((config) => ({ ...config, files: ['**/*.ts', '**/*.tsx'] })),
  { languageOptions: { globals } },
];
