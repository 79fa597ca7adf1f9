//! What is read line by line: diffs, Markdown, sessions at a command line.

use super::{Class, Spans};

pub(super) fn diff(text: &str, spans: &mut Spans<'_>) {
    for line in text.split_inclusive('\n') {
        let class = match line.as_bytes().first() {
            _ if [
                "+++",
                "---",
                "diff ",
                "index ",
                "new file",
                "deleted file",
                "rename ",
                "similarity ",
            ]
            .iter()
            .any(|start| line.starts_with(start)) =>
            {
                Some(Class::Meta)
            }
            Some(b'@') => Some(Class::Keyword),
            Some(b'+' | b'>') => Some(Class::Inserted),
            Some(b'-' | b'<') => Some(Class::Deleted),
            Some(b'#') => Some(Class::Comment),
            _ => None,
        };
        spans.put(class, line);
    }
}

pub(super) fn markdown(text: &str, spans: &mut Spans<'_>) {
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| content.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                spans.put(Some(Class::Meta), line);
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                spans.put(Some(Class::Meta), line);
            }
            (Some(_), _) => spans.put(Some(Class::Text), line),
            (None, None) if content.starts_with('#') => spans.put(Some(Class::Tag), line),
            (None, None) if content.starts_with('>') => spans.put(Some(Class::Comment), line),
            (None, None) if content.trim_end() == "---" => spans.put(Some(Class::Meta), line),
            (None, None) => {
                let marker = list_marker(content);
                let start = line.len() - content.len();
                spans.plain(&line[..start]);
                spans.put(Some(Class::Keyword), &content[..marker]);
                inline(&content[marker..], spans);
            }
        }
    }
}

fn list_marker(content: &str) -> usize {
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &content[digits..];
    let is_marker = match digits {
        0 => rest.starts_with("- ") || rest.starts_with("* ") || rest.starts_with("+ "),
        _ => rest.starts_with(". ") || rest.starts_with(") "),
    };
    if is_marker { digits + 1 } else { 0 }
}

/// Code and the addresses of links.
fn inline(text: &str, spans: &mut Spans<'_>) {
    let mut rest = text;
    while let Some(at) = rest.find(['`', ']']) {
        let (class, start, close) = if rest[at..].starts_with('`') {
            (Class::Text, at, '`')
        } else if rest[at..].starts_with("](") {
            (Class::Variable, at + 1, ')')
        } else {
            spans.plain(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        let Some(end) = rest[start + 1..].find(close) else {
            break;
        };
        let end = start + 1 + end + 1;
        spans.plain(&rest[..start]);
        spans.put(Some(class), &rest[start..end]);
        rest = &rest[end..];
    }
    spans.plain(rest);
}

/// Lines after a prompt are commands, the others are what came back.
pub(super) fn session(text: &str, spans: &mut Spans<'_>) {
    let shell = super::languages::find("sh");
    for line in text.split_inclusive('\n') {
        let prompt = ["$ ", "# ", "> ", "% "]
            .into_iter()
            .find(|prompt| line.starts_with(prompt));
        match (prompt, shell) {
            (Some(prompt), Some(shell)) => {
                spans.put(Some(Class::Meta), prompt);
                super::code::read(shell, &line[prompt.len()..], spans);
            }
            _ => spans.plain(line),
        }
    }
}
