import { readProgramFile } from '../base/program-files.ts';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const FILES: Readonly<Record<string, string>> = {
  'index.html': HTML,
  'page.css': CSS,
  'page.js': SCRIPT,
  'charts.js': SCRIPT,
  'tables.js': SCRIPT,
  'elements.js': SCRIPT,
  'uplot.js': SCRIPT,
  'uplot.css': CSS,
};

/** All files of the page by their paths in its address. Nothing else is served, whatever a path says. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const [name, type] of Object.entries(FILES)) files.set(`/${name}`, { type, bytes: readProgramFile(`page/${name}`) });
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
