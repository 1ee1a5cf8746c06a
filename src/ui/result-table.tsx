/**
 * Rows of a result: a grid that scrolls by itself. A small one is drawn as a whole, long texts wrapped;
 * of a large one only the rows in sight are drawn, each one line high. One cell is selected, by mouse
 * or arrow keys, and can be copied; what does not fit into it is shown below.
 */

import './style/results.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { SqlValue } from '../node/sql.ts';
import { copyCell, TableFoot } from './table-foot.tsx';
import {
  cellAfterKey,
  columnShapes,
  type CellPlace,
  type ColumnShape,
  type TableRows,
} from './table-rows.ts';
import { scrollTopFor, windowAt, type RowWindow, type TableShape } from './virtual-window.ts';
import { cellOf } from './wording.ts';

/** The unit is a digit's width, and capitals are wider. */
const CH_PER_CHARACTER = 1.2;

/** How the rows are ordered, where they can be ordered by a column's head. */
export interface RowOrder {
  /** Another one where these are not the same rows in the same order. */
  readonly key: string;
  readonly sort: { readonly column: string; readonly direction: 'asc' | 'desc' } | null;
  readonly onSort: (column: string) => void;
}

interface Props {
  readonly label: string;
  readonly rows: TableRows;
  /** Null: NULL. */
  readonly nullText: string | null;
  /** How many there are: more than `rows` has where only some are kept. */
  readonly rowCount: number;
  readonly order: RowOrder | null;
  /** Lets the person write another value into a cell; null: they are only read. */
  readonly onEdit: ((place: CellPlace) => void) | null;
  /** What else can be done with the rows. */
  readonly children: ComponentChildren;
}

/** As in results.css. */
const ROW_HEIGHT = 32;
const FIRST_VIEW_HEIGHT = 600;

export function ResultTable(props: Props) {
  const { label, rows, nullText, rowCount, order, onEdit, children } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const selected = useSignal<CellPlace | null>(null);
  const shapes = useMemo(() => columnShapes(rows.columns, rows.sample), [rows]);
  const view = useView(scroller, rows);
  const id = useId();
  const cell =
    selected.value !== null && selected.value.row < rows.rowCount ? selected.value : null;

  useLayoutEffect(() => {
    selected.value = null;
    view.rewind();
  }, [order?.key]);
  useInSight(cell === null ? null : cellId(id, cell));

  function onKeyDown(event: KeyboardEvent): void {
    // The keys of a column's head are its own.
    if (event.target instanceof HTMLButtonElement) return;
    const isControl = event.ctrlKey || event.metaKey;
    if (isControl && event.key === 'c' && cell !== null && String(getSelection()) === '') {
      event.preventDefault();
      void copyCell(rows, cell);
      return;
    }
    if (onEdit !== null && cell !== null && (event.key === 'Enter' || event.key === 'F2')) {
      event.preventDefault();
      onEdit(cell);
      return;
    }
    const pageRows = Math.max(1, Math.floor(view.shape().viewHeight / ROW_HEIGHT) - 1);
    const grid = { rows: rows.rowCount, columns: rows.columns.length, pageRows };
    const next = cellAfterKey(event.key, isControl, cell, grid);
    if (next === null) return;
    event.preventDefault();
    view.reveal(next.row);
    selected.value = next;
  }

  return (
    <>
      <div class="table-scroll" ref={scroller} onScroll={view.onScroll}>
        <table
          class={rows.later === null ? 'rows' : 'rows rows-fixed'}
          role="grid"
          aria-label={label}
          aria-readonly={onEdit === null}
          aria-rowcount={rows.rowCount + 1}
          aria-activedescendant={cell === null ? undefined : cellId(id, cell)}
          tabIndex={0}
          onKeyDown={onKeyDown}
          onClick={(event) => {
            selected.value = placeOf(event.target) ?? cell;
          }}
        >
          <Head shapes={shapes} isFixed={rows.later !== null} order={order} />
          <Body
            window={view.window}
            cell={cell}
            id={id}
            rows={rows}
            shapes={shapes}
            nullText={nullText}
          />
        </table>
      </div>
      <TableFoot rows={rows} selected={selected} rowCount={rowCount} onEdit={onEdit}>
        {children}
      </TableFoot>
    </>
  );
}

/** Scrolls there whenever it is another one. */
function useInSight(elementId: string | null): void {
  useLayoutEffect(() => {
    if (elementId === null) return;
    document.getElementById(elementId)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [elementId]);
}

/** Which rows are drawn, as the table scrolls. */
function useView(scroller: { readonly current: HTMLDivElement | null }, rows: TableRows) {
  const scrollTop = useSignal(0);
  const viewHeight = useSignal(FIRST_VIEW_HEIGHT);
  const frame = useRef(0);
  const { later, rowCount } = rows;
  const shape = (): TableShape => ({
    rowCount,
    rowHeight: ROW_HEIGHT,
    viewHeight: viewHeight.value,
  });
  // Read so that rows that have come are drawn.
  void later?.version.value;
  const all = { from: 0, end: rowCount, above: 0, below: 0 };
  const window = later === null ? all : windowAt(shape(), scrollTop.value);
  const { from, end } = window;

  useEffect(() => later?.show(from, end), [later, from, end]);
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null || later === null) return undefined;
    const measure = (): void => {
      const head = current.querySelector('thead')?.offsetHeight ?? 0;
      viewHeight.value = Math.max(ROW_HEIGHT, current.clientHeight - head);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [later]);

  return {
    window,
    shape,
    onScroll: (): void => {
      if (later === null || frame.current !== 0) return;
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        if (scroller.current !== null) scrollTop.value = scroller.current.scrollTop;
      });
    },
    /** Shows the first rows. */
    rewind: (): void => {
      scroller.current?.scrollTo({ top: 0 });
      scrollTop.value = 0;
    },
    /** Draws the row, for it to be selected. */
    reveal: (row: number): void => {
      const { current } = scroller;
      if (later === null || current === null) return;
      const wanted = scrollTopFor(shape(), row, current.scrollTop);
      if (wanted === current.scrollTop) return;
      current.scrollTop = wanted;
      scrollTop.value = wanted;
    },
  };
}

interface HeadProps {
  readonly shapes: readonly ColumnShape[];
  readonly isFixed: boolean;
  readonly order: RowOrder | null;
}

function Head({ shapes, isFixed, order }: HeadProps) {
  return (
    <>
      {isFixed && (
        <colgroup>
          {shapes.map(({ width }, at) => (
            <col key={at} style={{ width: `calc(${width * CH_PER_CHARACTER}ch + 30px)` }} />
          ))}
          <col />
        </colgroup>
      )}
      <thead>
        <tr aria-rowindex={1}>
          {shapes.map(({ name, isNumber }, at) => (
            <th
              key={at}
              scope="col"
              class={isNumber ? 'cell-right' : ''}
              aria-sort={order === null ? undefined : sortOf(order, name)}
            >
              {order === null ? (
                name
              ) : (
                <button type="button" class="sort" onClick={() => order.onSort(name)}>
                  {name}
                </button>
              )}
            </th>
          ))}
          <td class="cell-rest" role="presentation" />
        </tr>
      </thead>
    </>
  );
}

function sortOf({ sort }: RowOrder, column: string): 'none' | 'ascending' | 'descending' {
  if (sort?.column !== column) return 'none';
  return sort.direction === 'asc' ? 'ascending' : 'descending';
}

interface BodyProps {
  readonly window: RowWindow;
  /** The selected one. */
  readonly cell: CellPlace | null;
  readonly id: string;
  readonly rows: TableRows;
  readonly shapes: readonly ColumnShape[];
  readonly nullText: string | null;
}

function Body({ window: { from, end, above, below }, cell, ...row }: BodyProps) {
  return (
    <tbody>
      <Space height={above} />
      {Array.from({ length: end - from }, (_, offset) => (
        <GridRow
          key={from + offset}
          at={from + offset}
          selectedColumn={cell?.row === from + offset ? cell.column : null}
          {...row}
        />
      ))}
      <Space height={below} />
    </tbody>
  );
}

/** Stands for rows that are not drawn. */
function Space({ height }: { readonly height: number }) {
  if (height === 0) return null;
  return <tr role="presentation" style={{ height: `${height}px` }} />;
}

interface RowProps {
  readonly at: number;
  readonly id: string;
  readonly rows: TableRows;
  readonly shapes: readonly ColumnShape[];
  readonly nullText: string | null;
  readonly selectedColumn: number | null;
}

function GridRow({ at, id, rows, shapes, nullText, selectedColumn }: RowProps) {
  const row = rows.rowAt(at);
  return (
    <tr aria-rowindex={at + 2} data-row={at}>
      {shapes.map(({ isNumber }, column) => (
        <Value
          key={column}
          id={cellId(id, { row: at, column })}
          value={row?.[column]}
          nullText={nullText}
          isRight={isNumber}
          isSelected={selectedColumn === column}
        />
      ))}
      <td class="cell-rest" role="presentation" />
    </tr>
  );
}

interface ValueProps {
  readonly id: string;
  /** Undefined: on its way. */
  readonly value: SqlValue | undefined;
  readonly nullText: string | null;
  /** Aligned like the numbers of its column. */
  readonly isRight: boolean;
  readonly isSelected: boolean;
}

function Value({ id, value, nullText, isRight, isSelected }: ValueProps) {
  const { kind, text, note } =
    value === undefined
      ? { kind: 'coming', text: '', note: null }
      : cellOf(value, nullText ?? undefined);
  const side = isRight ? ' cell-right' : '';
  return (
    <td id={id} class={`cell-${kind}${side}`} aria-selected={isSelected}>
      <span class="cell-value">{text}</span>
      {note !== null && <span class="cell-note"> {note}</span>}
    </td>
  );
}

function cellId(id: string, { row, column }: CellPlace): string {
  return `${id}-${row}-${column}`;
}

function placeOf(target: EventTarget | null): CellPlace | null {
  const cell = target instanceof Element ? target.closest('td') : null;
  const row = cell?.closest('tr')?.dataset['row'];
  if (cell === null || row === undefined || cell.id === '') return null;
  return { row: Number(row), column: cell.cellIndex };
}
