// Used only where a project brings no ESLint configuration of its own. `error` is what is wrong or does nothing,
// `warn` what is a matter of taste.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire('/opt/qlp/node/package.json');
const js = require('@eslint/js');
const tseslint = require('typescript-eslint');
const globals = require('globals');
const ts = require('typescript');

const TYPESCRIPT = ['**/*.ts', '**/*.tsx', '**/*.mts', '**/*.cts'];
const TESTS = ['**/*.{test,spec}.*', '**/*_test.*', '**/test/**', '**/tests/**', '**/__tests__/**'];
// Words of a browser's window that are names of variables nearly everywhere: as globals they would hide a typing error.
const AMBIGUOUS = new Set(['name', 'event', 'status', 'length', 'parent', 'top', 'self', 'open', 'close', 'stop', 'print',
  'find', 'focus', 'blur', 'origin', 'external', 'scroll', 'moveTo', 'moveBy', 'menubar', 'toolbar', 'frames', 'opener',
  'closed', 'screenX', 'screenY', 'x', 'y', 'data', 'key', 'captureEvents', 'releaseEvents', 'defaultStatus']);
const browser = Object.fromEntries(Object.entries(globals.browser).filter(([name]) => !AMBIGUOUS.has(name)));
const unused = { args: 'none', caughtErrors: 'none', ignoreRestSiblings: true, varsIgnorePattern: '^_' };

const suspicious = {
  eqeqeq: ['error', 'smart'],
  'array-callback-return': 'error',
  'no-constructor-return': 'error',
  'no-implied-eval': 'error',
  'no-new-wrappers': 'error',
  'no-self-compare': 'error',
  'no-sequences': 'error',
  'no-template-curly-in-string': 'error',
  'no-throw-literal': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unreachable-loop': 'error',
  'no-empty': ['warn', { allowEmptyCatch: true }],
  'no-control-regex': 'warn',
  'no-useless-escape': 'warn',
  'no-useless-assignment': 'warn',
  'preserve-caught-error': 'off',
};
const inTests = {
  'no-restricted-syntax': ['error', {
    selector: "CallExpression[callee.object.name='console'][callee.property.name='assert']",
    message: 'console.assert only prints: it never fails a test',
  }],
  'no-unused-expressions': 'off',
  '@typescript-eslint/no-unused-expressions': 'off',
};

// Rules that need types see the files of this run as one program; what it imports from elsewhere may be unknown.
const files = process.argv.filter((word) => /\.[cm]?tsx?$/.test(word)).map((word) => path.resolve(word));
const options = {
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, jsx: ts.JsxEmit.Preserve,
  types: ['node'], typeRoots: ['/opt/qlp/node/node_modules/@types'],
};
const typed = files.length ? [{
  files: TYPESCRIPT,
  ignores: TESTS,
  languageOptions: { parserOptions: { programs: [ts.createProgram(files, options)] } },
  rules: {
    '@typescript-eslint/await-thenable': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-for-in-array': 'error',
    '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
  },
}] : [];

export default [
  { ignores: ['.qlp/**', '.home/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'off' } },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs', '**/*.jsx', ...TYPESCRIPT], ...js.configs.recommended },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs', '**/*.jsx'],
    languageOptions: {
      globals: { ...browser, ...globals.node },
      parserOptions: { ecmaFeatures: { jsx: true } },
    },
    rules: { ...suspicious, 'no-unused-vars': ['error', unused] },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  ...tseslint.configs.recommended.map((config) => ({ ...config, files: TYPESCRIPT })),
  {
    files: TYPESCRIPT,
    rules: {
      ...suspicious,
      'no-throw-literal': 'off',
      'prefer-const': 'warn',
      'no-var': 'warn',
      '@typescript-eslint/no-unused-vars': ['error', unused],
      '@typescript-eslint/no-explicit-any': 'warn',
      '@typescript-eslint/ban-ts-comment': 'warn',
      '@typescript-eslint/no-empty-object-type': 'warn',
      '@typescript-eslint/no-namespace': 'warn',
      '@typescript-eslint/no-require-imports': 'warn',
      '@typescript-eslint/no-this-alias': 'warn',
      '@typescript-eslint/no-unsafe-function-type': 'warn',
      '@typescript-eslint/triple-slash-reference': 'warn',
    },
  },
  ...typed,
  {
    files: TESTS,
    languageOptions: { globals: { ...globals.jest, ...globals.vitest, ...globals.mocha } },
    rules: inTests,
  },
];
