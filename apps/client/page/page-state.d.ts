// What the page's server sends: types alone, which no browser sees.
export type { PageFlow, PageLoss, PageSeries, PageState, PageWay, SeriesPoint } from '../src/page/page-state.ts';
