// Runs in the sandbox: `html_check.cjs syntax|style|security` over pages named on standard input, each ended by a zero
// byte. Prints {files, findings, facts, broken} as JSON like qlp_report.py. Templates are not pages and are not judged.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const from = createRequire('/opt/qlp/node/package.json');
const { files, read, Report } = require('./web_report.cjs');

const MODE = process.argv[2];
const report = new Report();
const TEMPLATE = /\{\{|\{%|<%|<\?php|<\?=|\{#if|\$\{[a-z]|v-(?:if|for|bind)=|\*ng(?:If|For)=|th:(?:text|each)=|@if\s*\(|\{\{#/i;
// What breaks the tree of the document.
const SYNTAX = ['close-order', 'no-dup-attr', 'element-name', 'void-content', 'close-attr', 'no-unknown-elements', 'unrecognized-char-ref', 'parser-error'];
// Defects: the page does not say what its author means.
const DEFECTS = ['no-dup-id', 'element-permitted-content', 'element-permitted-order', 'element-permitted-occurrences', 'element-permitted-parent',
  'element-required-attributes', 'element-required-content', 'element-required-ancestor', 'attribute-misuse', 'attribute-allowed-values',
  'no-missing-references', 'no-redundant-for', 'deprecated', 'form-dup-name', 'map-dup-name', 'map-id-name', 'multiple-labeled-controls',
  'missing-doctype', 'empty-title', 'script-type', 'input-attributes', 'area-alt', 'wcag/h30', 'wcag/h36', 'wcag/h37', 'no-abstract-role',
  'valid-autocomplete', 'duplicate-id', 'no-multiple-main', 'aria-hidden-body', 'no-conditional-comment', 'deprecated-rule'];
const HINTS = ['wcag/h32', 'wcag/h63', 'wcag/h67', 'wcag/h71', 'input-missing-label', 'empty-heading', 'heading-level', 'no-inline-style',
  'no-implicit-button-type', 'text-content', 'unique-landmark', 'meta-refresh', 'aria-label-misuse', 'no-dup-class', 'long-title',
  'prefer-native-element', 'valid-id', 'svg-focusable', 'no-autoplay', 'no-redundant-role', 'no-raw-characters', 'missing-lang'];

function validator() {
  const { HtmlValidate, StaticConfigLoader, ruleExists } = from('html-validate');
  const known = MODE === 'syntax' ? SYNTAX : [...DEFECTS, ...HINTS];
  const rules = Object.fromEntries(known.filter(ruleExists).map((name) => [name, 'error']));
  if (rules['form-dup-name']) rules['form-dup-name'] = ['error', { shared: ['radio', 'checkbox', 'submit', 'button', 'reset'], allowArrayBrackets: true, allowCheckboxDefault: true }];
  return new HtmlValidate(new StaticConfigLoader({ root: true, extends: [], elements: ['html5'], rules }));
}

function fragment(text) { return !/<html[\s>]|<!doctype/i.test(text); }

function links(file, text, every) {
  const ids = new Set([...text.matchAll(/\s(?:id|name)\s*=\s*["']?([^\s"'>]+)/gi)].map((m) => m[1]));
  const here = path.posix.dirname(file);
  const built = fs.existsSync('package.json') || fs.existsSync('../package.json');
  for (const m of text.replace(/<!--[\s\S]*?-->|<script\b(?![^>]*\ssrc)[\s\S]*?<\/script>/gi, (all) => all.replace(/[^\n]/g, ' ')).matchAll(/<(a|link|script|img|source|iframe|video|audio)\b[^>]*?\s(href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)) {
    const target = (m[3] !== undefined ? m[3] : m[4]).trim();
    const line = text.slice(0, m.index).split('\n').length;
    if (target.startsWith('#') && target.length > 1) {
      if (!ids.has(decodeURIComponent(safe(target.slice(1)))) && !fragment(text) && !/^#(?:top|[!/])/.test(target)) report.add('missing-anchor', 'medium', `nothing on the page has the id ${target.slice(1)}`, file, line);
      continue;
    }
    if (!target || /^(?:[a-z][\w+.-]*:|\/|#|\?)/i.test(target)) continue;
    const wanted = path.posix.normalize(path.posix.join(here, safe(target.split(/[?#]/)[0])));
    if (wanted.startsWith('..') || fs.existsSync(wanted)) continue;
    const page = m[1].toLowerCase() === 'a';
    if (page && !/\.html?$/i.test(wanted)) continue;
    report.add('missing-file', built || /[.-][0-9a-f]{8,}\./.test(wanted) || /\.(?:png|jpe?g|gif|webp|svg|ico|mp4|mp3|webm|woff2?|avif|pdf)$/i.test(wanted) ? 'info' : 'medium', `${target} is not among the files`, file, line);
  }
}

function safe(text) { try { decodeURIComponent(text); return decodeURIComponent(text); } catch { return text; } }

function security(file, text) {
  const bare = text.replace(/<!--[\s\S]*?-->/g, (all) => all.replace(/[^\n]/g, ' '));
  const tell = (pattern, rule, severity, message, but) => {
    for (const m of bare.matchAll(pattern)) {
      if (but && but.test(m[0])) continue;
      report.add(rule, severity, message, file, bare.slice(0, m.index).split('\n').length);
    }
  };
  tell(/<[a-z][^<>]*?\s(?:href|src|action|formaction|data)\s*=\s*["']?\s*javascript:(?!\s*(?:void\s*\(?0?\)?\s*;?|;|\/\/)?\s*["'\s>])/gi, 'javascript-url', 'medium', 'a link that runs a script');
  tell(/<script\b[^>]*?\ssrc\s*=\s*["']?http:\/\/(?!localhost|127\.)/gi, 'plain-http', 'high', 'a script that is loaded over http can be changed on its way');
  tell(/<(?:link|iframe|object|embed)\b[^>]*?\s(?:href|src|data)\s*=\s*["']?http:\/\/(?!localhost|127\.)/gi, 'plain-http', 'medium', 'what is loaded over http can be changed on its way', /rel\s*=\s*["']?(?:canonical|alternate|profile|author|license|pingback)/i);
  tell(/<form\b[^>]*?\saction\s*=\s*["']?http:\/\/(?!localhost|127\.)/gi, 'plain-http', 'high', 'what a user types is sent over http');
  tell(/<form\b(?![^>]*\smethod\s*=\s*["']?(?:post|dialog))[^>]*>(?:(?!<\/form)[\s\S])*?<input\b[^>]*\stype\s*=\s*["']?password/gi, 'password-in-url', 'high', 'a form without method="post" puts the password into the address', /onsubmit|\sid\s*=|\sclass\s*=/i);
  tell(/<iframe\b[^>]*\ssandbox\s*=\s*["'](?=[^"']*allow-scripts)(?=[^"']*allow-same-origin)/gi, 'weak-sandbox', 'medium', 'a frame with both allow-scripts and allow-same-origin can leave its sandbox');
  tell(/<script\b[^>]*?\ssrc\s*=\s*["']?(?:https?:)?\/\/[^>]*>/gi, 'no-integrity', 'info', 'a script of another server without integrity', /\sintegrity\s*=/i);
  tell(/<script\b(?![^>]*\ssrc)[^>]*>(?:(?!<\/script)[\s\S])*?(?:\.(?:inner|outer)HTML\s*\+?=|document\.write(?:ln)?\s*\()[^;\n]*\b(?:location\.(?:hash|search|href)|document\.(?:URL|referrer|cookie)|URLSearchParams|\.get\()/gi, 'dom-xss', 'high', 'what the address says becomes part of the page');
  tell(/<script\b(?![^>]*\ssrc)[^>]*>(?:(?!<\/script)[\s\S])*?\beval\s*\(/gi, 'eval', 'high', 'eval() runs text as a program');
}

async function main() {
  const every = files();
  const check = MODE === 'security' ? null : validator();
  for (const file of every) {
    const text = read(report, file, MODE === 'syntax', 2_000_000);
    if (text === null) continue;
    if (TEMPLATE.test(text.replace(/<script\b[\s\S]*?<\/script>|<style\b[\s\S]*?<\/style>|<(?:pre|code)\b[\s\S]*?<\/(?:pre|code)>/gi, ''))) {
      if (MODE === 'syntax') report.add('template', 'info', 'a template, not judged as a page', file, 1);
      if (MODE === 'security') security(file, text);
      continue;
    }
    if (MODE === 'security') { security(file, text); continue; }
    if ((text.match(/</g) || []).length > 50_000) {
      if (MODE === 'syntax') report.add('too-large', 'high', 'more than 50,000 tags: not checked', file);
      continue;
    }
    const result = await check.validateString(text, file);
    for (const one of result.results) {
      for (const row of one.messages) {
        const syntax = SYNTAX.includes(row.ruleId);
        if (syntax !== (MODE === 'syntax')) continue;
        if (fragment(text) && ['missing-doctype', 'no-missing-references', 'element-required-content'].includes(row.ruleId)) continue;
        const severity = syntax ? 'critical' : DEFECTS.includes(row.ruleId) ? 'medium' : 'info';
        report.add(row.ruleId, severity, row.message, file, row.line, row.column);
      }
    }
    if (MODE === 'style') links(file, text, every);
  }
  report.emit(every.length);
}

main().catch((error) => { console.error(String(error && error.stack || error)); process.exit(3); });
