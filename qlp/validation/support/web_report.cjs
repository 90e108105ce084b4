// Runs in the sandbox: what css_check.cjs and html_check.cjs share; the twin of qlp_report.py.
const fs = require('node:fs');

const ORDER = ['critical', 'high', 'medium', 'low', 'info'];

class Report {
  constructor() { this.findings = []; this.broken = []; }

  add(rule, severity, message, file, line, column) {
    const text = String(message).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd').trim().slice(0, 500);
    this.findings.push({ rule, severity, message: text, file, line: line > 0 ? line : null, column: column > 0 ? column : null, fix: null });
  }

  emit(files) {
    this.findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
    process.stdout.write(JSON.stringify({ files, findings: this.findings.slice(0, 200), facts: {}, broken: this.broken.slice(0, 5) }));
  }
}

function files() {
  return fs.readFileSync(0).toString('utf8').split('\0').filter(Boolean);
}

// The text, or null with a finding where the file is binary, not UTF-8 or too large.
function read(report, file, tell, limit) {
  const raw = fs.readFileSync(file);
  let problem = '';
  if (raw.length > limit) problem = `the file is larger than ${Math.floor(limit / 1e6)} MB and was not checked`;
  else if (raw.includes(0)) problem = 'the file holds zero bytes: it is binary, not source';
  else {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(raw);
    } catch {
      problem = 'the file is not UTF-8';
    }
  }
  if (tell) report.add(raw.length > limit ? 'too-large' : 'not-text', 'high', problem, file);
  return null;
}

module.exports = { Report, files, read };
