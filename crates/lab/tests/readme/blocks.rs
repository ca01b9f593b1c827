//! The blocks of a page that are to be run.

use std::path::Path;

#[derive(Debug, Default)]
pub struct Block {
    /// Where it starts in the page.
    pub line: usize,
    pub text: String,
    pub background: bool,
    /// What its output has to contain.
    pub expect: Vec<String>,
}

pub fn of(page: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let mut blocks: Vec<Block> = Vec::new();
    let (mut open, mut other, mut background) = (false, false, false);
    for (index, line) in text.lines().enumerate() {
        match line.trim() {
            "```" if open || other => (open, other) = (false, false),
            "```bash" => {
                open = true;
                blocks.push(Block { line: index + 1, background, ..Block::default() });
                background = false;
            }
            _ if open => {
                let block = blocks.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            start if start.starts_with("```") => other = true,
            "<!-- background -->" => background = true,
            comment => {
                if let Some(expected) =
                    comment.strip_prefix("<!-- expect: ").and_then(|c| c.strip_suffix(" -->"))
                {
                    blocks.last_mut().expect("a block to expect of").expect.push(expected.to_owned());
                }
            }
        }
    }
    assert!(!open && !other && !background, "{}: a block is not closed", page.display());
    blocks
}
