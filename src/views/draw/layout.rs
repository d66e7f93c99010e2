//! Where everything stands: columns from left to right, lanes from top to bottom, in each cell of
//! the two the boxes below each other, ordered so that few lines cross.

use std::collections::BTreeMap;

use super::picture::Picture;

/// The space between boxes of a cell.
const GAP: f64 = 12.0;
/// The space above and below a lane's boxes.
const MARGIN: f64 = 14.0;
/// The space between columns.
const SPACING: f64 = 22.0;
/// Where the first column begins: room for the lanes' names.
const LEFT: f64 = 140.0;
/// Where the first lane begins: room for the heading.
const TOP: f64 = 64.0;
/// Rounds of ordering; more change nothing in graphs of this size.
const ROUNDS: usize = 8;

/// The lanes and the size of the whole.
pub struct Lanes {
    /// Upper edge and height of each.
    pub lanes: Vec<(f64, f64)>,
    /// The right edge of the last column.
    pub right: f64,
    /// The lower edge of the last lane.
    pub bottom: f64,
}

type Cells = BTreeMap<(usize, usize), Vec<usize>>;

/// Gives every box its place.
pub fn place(picture: &mut Picture) -> Lanes {
    let mut cells = Cells::new();
    for (number, item) in picture.items.iter().enumerate() {
        cells.entry((item.lane, item.column)).or_default().push(number);
    }
    let lanes = lanes(picture, &cells);
    stack(picture, &cells, &lanes);
    for round in 0..ROUNDS {
        let columns: Vec<usize> = match round % 2 {
            0 => (0..picture.columns).collect(),
            _ => (0..picture.columns).rev().collect(),
        };
        for column in columns {
            let wanted: Vec<f64> =
                (0..picture.items.len()).map(|n| pull(picture, n, round % 2 == 0)).collect();
            for (_, cell) in cells.iter_mut().filter(|((_, at), _)| *at == column) {
                cell.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
            }
            stack(picture, &cells, &lanes);
        }
    }
    let right = columns(picture);
    let bottom = lanes.last().map_or(TOP, |(top, height)| top + height);
    Lanes { lanes, right, bottom }
}

fn height(picture: &Picture, cell: &[usize]) -> f64 {
    let boxes: f64 = cell.iter().map(|number| picture.items[*number].height + GAP).sum();
    boxes - GAP
}

fn lanes(picture: &Picture, cells: &Cells) -> Vec<(f64, f64)> {
    let mut top = TOP;
    let mut lanes = Vec::new();
    for (lane, least) in picture.lanes.iter().enumerate() {
        let tallest = cells
            .iter()
            .filter(|((at, _), _)| *at == lane)
            .map(|(_, cell)| height(picture, cell))
            .fold(*least, f64::max);
        lanes.push((top, tallest + 2.0 * MARGIN));
        top += tallest + 2.0 * MARGIN;
    }
    lanes
}

/// Stacks each cell's boxes in the middle of its lane.
fn stack(picture: &mut Picture, cells: &Cells, lanes: &[(f64, f64)]) {
    for ((lane, _), cell) in cells {
        let (top, tall) = lanes[*lane];
        let mut y = top + (tall - height(picture, cell)) / 2.0;
        for number in cell {
            let item = &mut picture.items[*number];
            item.y = y;
            y += item.height + GAP;
        }
    }
}

/// The middle of what a box is joined to on one side; its own where it is joined to nothing there.
fn pull(picture: &Picture, number: usize, left: bool) -> f64 {
    let middle = |number: usize| picture.items[number].y + picture.items[number].height / 2.0;
    let mut sum = 0.0;
    let mut count = 0.0;
    for line in &picture.lines {
        for pair in line.through.windows(2) {
            let other = match pair {
                [a, b] if *a == number && !left => *b,
                [a, b] if *b == number && left => *a,
                _ => continue,
            };
            sum += middle(other);
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { middle(number) }
}

/// Puts each box in the middle of its column and answers the right edge of the last.
fn columns(picture: &mut Picture) -> f64 {
    let mut left = LEFT;
    for column in 0..picture.columns {
        let widest = picture
            .items
            .iter()
            .filter(|item| item.column == column)
            .map(|item| item.width)
            .fold(0.0, f64::max);
        for item in picture.items.iter_mut().filter(|item| item.column == column) {
            item.x = left + (widest - item.width) / 2.0;
        }
        left += widest + SPACING;
    }
    left
}
