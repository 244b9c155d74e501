// The page's server serves uPlot at this path.
export { default } from 'uplot';
