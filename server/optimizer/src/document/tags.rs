//! What elements mean for reading a text.

/// What an element does. Those not named here are inline and change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// `h1` to `h6`.
    Heading(u8),
    Paragraph,
    ListItem,
    /// `ul`, `ol`.
    List,
    Cell,
    Row,
    Table,
    Figure,
    Caption,
    /// Any other block.
    Block,
    /// Its inside is not the author's prose: code, quotations, what browsers do not show as text.
    Excluded,
    Link,
}

/// What a tag with this name opens, none for inline elements.
pub(super) fn element(name: &[u8]) -> Option<Element> {
    Some(match name {
        b"h1" => Element::Heading(1),
        b"h2" => Element::Heading(2),
        b"h3" => Element::Heading(3),
        b"h4" => Element::Heading(4),
        b"h5" => Element::Heading(5),
        b"h6" => Element::Heading(6),
        b"p" => Element::Paragraph,
        b"li" => Element::ListItem,
        b"ul" | b"ol" | b"menu" => Element::List,
        b"td" | b"th" => Element::Cell,
        b"tr" => Element::Row,
        b"table" => Element::Table,
        b"figure" => Element::Figure,
        b"figcaption" | b"caption" => Element::Caption,
        b"a" => Element::Link,
        b"pre" | b"code" | b"kbd" | b"samp" | b"var" | b"blockquote" | b"q" | b"cite" | b"script" | b"style"
        | b"template" | b"noscript" | b"svg" | b"math" | b"iframe" | b"object" | b"video" | b"audio" | b"canvas"
        | b"textarea" | b"select" | b"button" | b"title" | b"head" | b"xmp" | b"noembed" | b"noframes" | b"map"
        | b"output" => Element::Excluded,
        b"address" | b"article" | b"aside" | b"body" | b"center" | b"dd" | b"details" | b"dialog" | b"dir" | b"div"
        | b"dl" | b"dt" | b"fieldset" | b"footer" | b"form" | b"header" | b"hgroup" | b"html" | b"legend" | b"main"
        | b"nav" | b"search" | b"section" | b"summary" | b"tbody" | b"thead" | b"tfoot" => Element::Block,
        _ => return None,
    })
}
