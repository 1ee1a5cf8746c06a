/** A benchmark's figures, those of a name together, each with what it is compared with. */

import type { FigureRow, Judgement } from '../../bench/figure-rows.ts';
import { formatCount } from '../wording.ts';

export function FigureTable({ rows }: { readonly rows: readonly FigureRow[] }) {
  const names = [...new Set(rows.map(({ figure }) => figure.name))];
  return (
    // A table wider than the screen is moved by the arrow keys.
    <div class="benchmark-table" role="region" aria-label="Figures" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Subject</th>
            <th scope="col">Median</th>
            <th scope="col">Worst</th>
            <th scope="col">Samples</th>
            <th scope="col">Ratio to its baseline, target</th>
          </tr>
        </thead>
        {names.map((name) => (
          <Figures
            key={name}
            name={name}
            rows={rows.filter(({ figure }) => figure.name === name)}
          />
        ))}
      </table>
    </div>
  );
}

interface FiguresProps {
  readonly name: string;
  readonly rows: readonly FigureRow[];
}

function Figures({ name, rows }: FiguresProps) {
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={5} class="benchmark-name">
          {name}, {rows[0]?.figure.unit}
        </th>
      </tr>
      {rows.map(({ figure, median, worst, judgements }) => (
        <tr key={figure.subject}>
          <th scope="row" title={figure.settings}>
            {figure.subject}
          </th>
          <td>{median}</td>
          <td>{worst}</td>
          <td>{formatCount(figure.samples)}</td>
          <td class="benchmark-judgements">
            {judgements.map((judgement) => (
              <JudgementLine key={judgement.to} judgement={judgement} />
            ))}
          </td>
        </tr>
      ))}
    </tbody>
  );
}

function JudgementLine({ judgement }: { readonly judgement: Judgement }) {
  const { ratio, to, target, reached } = judgement;
  return (
    <p>
      {ratio === '' ? to : `${ratio} ${to}`}
      {target !== '' && `, target ${target}: `}
      {reached !== null && (
        <strong class={reached ? 'good' : 'bad'}>{reached ? 'reached' : 'missed'}</strong>
      )}
    </p>
  );
}
