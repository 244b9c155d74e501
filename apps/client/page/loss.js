import { byId, count, element, share } from './elements.js';

/** @import { PageLoss, PageLossComparison, PageState } from './page-state.js' */

/**
 * What is lost directly and by the node, and what protection makes of that.
 * @param {Pick<PageState, 'loss' | 'lossCompared'>} state
 */
export function showLoss({ loss: { up, down }, lossCompared }) {
  const place = byId('loss');
  const shown = JSON.stringify({ up, down, lossCompared });
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const directions = element('div', { class: 'loss-grid' }, direction('From you to the node', up), direction('From the node to you', down));
  place.replaceChildren(...comparison(lossCompared), directions);
}

/** @param {PageLossComparison | null} compared */
function comparison(compared) {
  if (compared === null) return [element('p', { class: 'empty' }, 'Loss by both is not compared yet.')];
  const { node, probes, direct, nodeBefore, nodeAfter, note } = compared;
  const figures = element(
    'dl',
    { class: 'figure' },
    figure('directly', share(direct)),
    figure(`by ${node}, without protection`, share(nodeBefore)),
    figure(`by ${node}, with protection`, share(nodeAfter)),
  );
  /** @type {HTMLElement[]} */
  const parts = [element('h3', {}, 'Lost there and back, to the server')];
  if (direct !== null || nodeBefore !== null) parts.push(figures);
  parts.push(element('p', { class: 'hint' }, `By ${count(probes)} probes, and the packets of the game.${note === null ? '' : ` ${note}`}`));
  return parts;
}

/**
 * @param {string} title
 * @param {PageLoss | null} loss
 */
function direction(title, loss) {
  const place = element('div', {}, element('h3', {}, title));
  if (loss === null) {
    place.append(element('p', { class: 'empty' }, 'The node does not report it.'));
    return place;
  }
  const error = loss.afterError === null || loss.afterError < 0.0005 ? '' : ` ±${share(loss.afterError)}`;
  place.append(
    element(
      'dl',
      { class: 'figure' },
      figure('without protection', share(loss.before)),
      figure('with protection', `${share(loss.after)}${error}`),
    ),
  );
  const facts = [
    loss.before === null ? `${count(loss.packets)} packets are too few to judge.` : `Of ${count(loss.packets)} packets.`,
    loss.protection === null ? '' : `Protection: ${loss.protection}.`,
    loss.meanRun === null ? '' : `Where packets are lost, it is ${loss.meanRun.toFixed(1)} in a row, on average.`,
  ];
  place.append(element('p', { class: 'hint' }, facts.filter((fact) => fact !== '').join(' ')));
  return place;
}

/**
 * @param {string} name
 * @param {string} value
 */
function figure(name, value) {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value));
}
