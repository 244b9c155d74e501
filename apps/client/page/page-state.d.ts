// What the page's server sends: types alone, which no browser sees.
export type { PageFlow, PageLoss, PageLossComparison, PageSeries, PageState, PageWay, SeriesPoint } from '../src/page/page-state.ts';
