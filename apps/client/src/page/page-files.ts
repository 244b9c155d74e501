import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Beside the folder of the sources, and beside that of what was built from them. */
const FOLDER = new URL('../../page/', import.meta.url);
const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const OWN: Readonly<Record<string, string>> = {
  'index.html': HTML,
  'page.css': CSS,
  'page.js': SCRIPT,
  'charts.js': SCRIPT,
  'tables.js': SCRIPT,
  'loss.js': SCRIPT,
  'elements.js': SCRIPT,
};

/** All files of the page by their paths in its address. Nothing else is served, whatever a path says. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const [name, type] of Object.entries(OWN)) files.set(`/${name}`, { type, bytes: readFileSync(new URL(name, FOLDER)) });
  const plot = fileURLToPath(import.meta.resolve('uplot'));
  const beside = (name: string) => readFileSync(new URL(name, `file://${plot}`));
  files.set('/uplot.js', { type: SCRIPT, bytes: beside('uPlot.esm.js') });
  files.set('/uplot.css', { type: CSS, bytes: beside('uPlot.min.css') });
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
