// Used where a project brings no stylelint configuration: the recommended rules, resolved from the image's packages.
const { createRequire } = require('node:module');
const from = createRequire('/opt/qlp/node/package.json');

module.exports = {
  extends: [from.resolve('stylelint-config-recommended')],
  rules: {
    'no-descending-specificity': null,
    'no-empty-source': null,
    'no-duplicate-selectors': [true, { severity: 'warning' }],
    'property-no-deprecated': [true, { severity: 'warning' }],
    'block-no-empty': [true, { severity: 'warning' }],
    'declaration-property-value-no-unknown': [true, { severity: 'error' }],
    'font-family-no-missing-generic-family-keyword': [true, { severity: 'warning' }],
    'declaration-block-no-duplicate-properties': [true, { ignore: ['consecutive-duplicates-with-different-values'] }],
    'at-rule-no-unknown': [true, { ignoreAtRules: ['tailwind', 'apply', 'layer', 'screen', 'theme', 'utility', 'variant', 'plugin', 'source', 'config'] }],
    'function-no-unknown': [true, { ignoreFunctions: ['theme', 'screen', '--alpha', '--spacing'] }],
  },
};
