//! SVG without what could act: written anew from a list of what is allowed. Scripts, event handlers, foreign markup,
//! animation (it can rewrite links) and everything that loads from elsewhere are left out.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};

/// A clean SVG and its size in pixels, if it tells one.
pub struct Clean {
    pub text: String,
    pub size: Option<(u32, u32)>,
}

/// Drawings larger than this are refused; parsers of browsers take them badly.
const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: usize = 200;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

const ELEMENTS: &[&str] = &[
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "filter",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
    "view",
];

/// Attributes without consequences: geometry, presentation, filters, what assistive technology reads.
const ATTRIBUTES: &[&str] = &[
    "alignment-baseline",
    "amplitude",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "azimuth",
    "baseFrequency",
    "baseline-shift",
    "bias",
    "class",
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "color",
    "color-interpolation",
    "color-interpolation-filters",
    "cx",
    "cy",
    "d",
    "diffuseConstant",
    "direction",
    "display",
    "divisor",
    "dominant-baseline",
    "dx",
    "dy",
    "edgeMode",
    "elevation",
    "exponent",
    "fill",
    "fill-opacity",
    "fill-rule",
    "filter",
    "filterUnits",
    "flood-color",
    "flood-opacity",
    "font-family",
    "font-size",
    "font-size-adjust",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "fr",
    "fx",
    "fy",
    "gradientTransform",
    "gradientUnits",
    "height",
    "id",
    "in",
    "in2",
    "intercept",
    "isolation",
    "k",
    "k1",
    "k2",
    "k3",
    "k4",
    "kernelMatrix",
    "kernelUnitLength",
    "lengthAdjust",
    "letter-spacing",
    "lighting-color",
    "limitingConeAngle",
    "marker-end",
    "marker-mid",
    "marker-start",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "mask",
    "maskContentUnits",
    "maskUnits",
    "method",
    "mix-blend-mode",
    "mode",
    "numOctaves",
    "offset",
    "opacity",
    "operator",
    "order",
    "orient",
    "overflow",
    "paint-order",
    "pathLength",
    "patternContentUnits",
    "patternTransform",
    "patternUnits",
    "points",
    "pointsAtX",
    "pointsAtY",
    "pointsAtZ",
    "preserveAlpha",
    "preserveAspectRatio",
    "primitiveUnits",
    "r",
    "radius",
    "refX",
    "refY",
    "result",
    "role",
    "rotate",
    "rx",
    "ry",
    "scale",
    "seed",
    "shape-rendering",
    "side",
    "slope",
    "spacing",
    "specularConstant",
    "specularExponent",
    "spreadMethod",
    "startOffset",
    "stdDeviation",
    "stitchTiles",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "style",
    "surfaceScale",
    "tableValues",
    "targetX",
    "targetY",
    "text-anchor",
    "text-decoration",
    "text-rendering",
    "textLength",
    "transform",
    "transform-origin",
    "type",
    "values",
    "vector-effect",
    "version",
    "viewBox",
    "visibility",
    "width",
    "word-spacing",
    "writing-mode",
    "x",
    "x1",
    "x2",
    "xChannelSelector",
    "xml:space",
    "y",
    "y1",
    "y2",
    "yChannelSelector",
    "z",
];

/// Whether a file means to be an SVG: XML whose first element is called so.
pub fn looks_like_svg(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64 << 10)]);
    let mut reader = Reader::from_str(head.trim_start_matches('\u{feff}'));
    loop {
        match reader.read_event() {
            Ok(Event::Start(e) | Event::Empty(e)) => return e.local_name().as_ref() == b"svg",
            Ok(Event::Text(text)) if text.iter().all(u8::is_ascii_whitespace) => {}
            Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_)) => {}
            _ => return false,
        }
    }
}

/// Writes an SVG anew with only what is allowed.
///
/// # Errors
/// In words for the uploader, when it is not well-formed or declares entities.
pub fn sanitise(bytes: &[u8]) -> Result<Clean, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("it is larger than {} MiB.", MAX_BYTES >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text.".to_owned())?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut out = Writer::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|e| format!("it is not well-formed: {e}."))?;
        match event {
            Event::Start(e) => out.open(&e, false)?,
            Event::Empty(e) => out.open(&e, true)?,
            Event::End(_) => out.close(),
            Event::Text(t) => out.text(&String::from_utf8_lossy(&t)),
            Event::CData(t) => {
                let text = String::from_utf8_lossy(&t).into_owned();
                out.text(&escape(text.as_str()));
            }
            Event::GeneralRef(name) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                let known = matches!(name.as_str(), "amp" | "lt" | "gt" | "quot" | "apos") || name.starts_with('#');
                if !known {
                    return Err(format!(
                        "it uses the entity `{}`, which is not defined.",
                        escape(name.as_str())
                    ));
                }
                out.text(&format!("&{name};"));
            }
            Event::DocType(dtd) if dtd.windows(8).any(|w| w.eq_ignore_ascii_case(b"<!ENTITY")) => {
                return Err("it declares entities.".into());
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !out.open.is_empty() || out.skipped > 0 || out.text.is_empty() {
        return Err("it is cut off: elements are not closed.".into());
    }
    Ok(Clean {
        text: out.text,
        size: out.size,
    })
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Names of the elements written and still open.
    open: Vec<String>,
    /// How deep we are in an element that is left out.
    skipped: usize,
    /// The text of a style element, looked at as a whole.
    style: Option<String>,
    size: Option<(u32, u32)>,
}

impl Writer {
    fn open(&mut self, element: &BytesStart<'_>, empty: bool) -> Result<(), String> {
        let name = String::from_utf8_lossy(element.name().as_ref()).into_owned();
        let root = self.open.is_empty();
        if root && (name != "svg" || !self.text.is_empty()) {
            return Err("its outermost element must be one <svg>.".into());
        }
        // Nothing may stand in a style but text.
        if self.skipped > 0 || self.style.is_some() || ELEMENTS.binary_search(&name.as_str()).is_err() {
            self.skipped += usize::from(!empty);
            return Ok(());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels."));
        }
        self.text += &format!("<{name}");
        if root {
            self.text += &format!(" xmlns=\"{NAMESPACE}\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
        }
        let (mut width, mut height, mut view) = (None, None, None);
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|e| format!("it is not well-formed: {e}."))?;
            let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let value = attribute
                .unescape_value()
                .map_err(|e| format!("it is not well-formed: {e}."))?;
            if key == "xmlns" && root && value != NAMESPACE {
                return Err("its namespace is not that of SVG.".into());
            }
            if !allowed(&name, &key, &value) {
                continue;
            }
            match key.as_str() {
                "width" => width = pixels(&value),
                "height" => height = pixels(&value),
                "viewBox" => view = view_box(&value),
                _ => {}
            }
            self.text += &format!(" {key}=\"{}\"", escape(value.as_ref()));
        }
        if root {
            self.size = width.zip(height).or(view);
        }
        if empty {
            self.text += "/>";
        } else {
            self.text.push('>');
            if name == "style" {
                self.style = Some(String::new());
            }
            self.open.push(name);
        }
        Ok(())
    }

    /// The reader has seen to it that the end belongs to the start.
    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if let Some(style) = self.style.take().filter(|style| is_harmless_style(style)) {
            self.text += &style;
        }
        if let Some(name) = self.open.pop() {
            self.text += &format!("</{name}>");
        }
    }

    /// Text as it stands in the source, with its escapes.
    fn text(&mut self, text: &str) {
        if self.skipped > 0 || self.open.is_empty() {
            return;
        }
        match &mut self.style {
            Some(style) => style.push_str(text),
            None => self.text.push_str(text),
        }
    }
}

fn allowed(element: &str, key: &str, value: &str) -> bool {
    match key {
        "href" | "xlink:href" => {
            let picture = ["png", "jpeg", "gif", "webp"].iter().any(|kind| {
                value
                    .strip_prefix("data:image/")
                    .and_then(|rest| rest.strip_prefix(kind))
                    .is_some_and(|rest| {
                        rest.strip_prefix(";base64,").is_some_and(|data| {
                            data.bytes()
                                .all(|b| b.is_ascii_alphanumeric() || b"+/= \r\n\t".contains(&b))
                        })
                    })
            });
            value.starts_with('#') || (element == "image" && picture)
        }
        "style" => is_harmless_style(value),
        key => ATTRIBUTES.binary_search(&key).is_ok() && only_local_urls(value),
    }
}

/// Style that loads nothing and hides nothing: no rules about imports or fonts, no escapes to spell them otherwise.
fn is_harmless_style(style: &str) -> bool {
    let lower = style.to_ascii_lowercase();
    !lower.contains(['\\', '<', '@'])
        && !lower.contains("&lt;")
        && !lower.contains("&#")
        && !lower.contains("expression")
        && !lower.contains("image-set")
        && !lower.contains("src(")
        && !lower.contains("/*")
        && only_local_urls(style)
}

/// Whether every `url(…)` points into the drawing itself.
fn only_local_urls(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower.match_indices("url(").all(|(at, _)| {
        lower[at + 4..]
            .trim_start()
            .trim_start_matches(['"', '\''])
            .starts_with('#')
    }) && !lower.contains("javascript:")
}

fn pixels(text: &str) -> Option<u32> {
    let number: f64 = text.trim().trim_end_matches("px").parse().ok()?;
    // Rounded up, so that a fraction of a pixel is still one.
    (number > 0.0 && number <= 100_000.0).then(|| number.ceil() as u32)
}

fn view_box(text: &str) -> Option<(u32, u32)> {
    let numbers: Vec<&str> = text.split([' ', ',', '\n', '\t']).filter(|n| !n.is_empty()).collect();
    match numbers[..] {
        [_, _, width, height] => pixels(width).zip(pixels(height)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(ELEMENTS.is_sorted() && ATTRIBUTES.is_sorted());
    }

    #[test]
    fn a_drawing_stays_as_it_is() {
        let source = "<?xml version=\"1.0\"?><!-- by hand --><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 30.5\">\
             <defs><linearGradient id=\"a\"><stop offset=\"0\" stop-color=\"#fff\"/></linearGradient></defs>\
             <style>.b{fill:url(#a)}</style><g class=\"b\"><path d=\"M0 0h4\" style=\"stroke:red\"/>\
             <use href=\"#a\"/><text x=\"1\">Fish &amp; chips</text></g></svg>";
        let clean = sanitise(source.as_bytes()).unwrap();
        assert_eq!(clean.size, Some((40, 31)));
        for kept in [
            "stop-color=\"#fff\"",
            ".b{fill:url(#a)}",
            "style=\"stroke:red\"",
            "href=\"#a\"",
            "Fish &amp; chips",
        ] {
            assert!(clean.text.contains(kept), "{kept} in {}", clean.text);
        }
        let again = sanitise(clean.text.as_bytes()).unwrap();
        assert_eq!(again.text, clean.text, "cleaning a clean one changes nothing");
    }

    #[test]
    fn nothing_that_acts_is_left() {
        for hostile in [
            "<script>alert(1)</script>",
            "<script><![CDATA[alert(1)]]></script>",
            "<g onload=\"alert(1)\"/>",
            "<g ONLOAD=\"alert(1)\"/>",
            "<foreignObject><body xmlns=\"http://www.w3.org/1999/xhtml\"><iframe src=\"alert\"/></body></foreignObject>",
            "<a href=\"javascript:alert(1)\"><text>x</text></a>",
            "<use href=\"https://evil.example/x.svg#alert\"/>",
            "<use xlink:href=\"data:image/svg+xml;base64,alert\"/>",
            "<image href=\"https://evil.example/alert\"/>",
            "<image href=\"data:image/svg+xml;base64,alert\"/>",
            "<animate attributeName=\"href\" to=\"javascript:alert(1)\"/>",
            "<set attributeName=\"onmouseover\" to=\"alert(1)\"/>",
            "<style>@import url(https://evil.example/alert);</style>",
            "<style>a{background:url(https://evil.example/alert)}</style>",
            "<style>a{background:u\\72l(https://evil.example/alert)}</style>",
            "<style>a{b:&lt;script>alert(1)}</style>",
            "<rect style=\"background:url('//evil.example/alert')\"/>",
            "<rect fill=\"url(https://evil.example/alert)\"/>",
            "<rect fill=\"url( &quot;//evil.example/alert)\"/>",
            "<x:script xmlns:x=\"http://www.w3.org/2000/svg\">alert(1)</x:script>",
            "<handler type=\"text/javascript\">alert(1)</handler>",
            "<iframe src=\"javascript:alert(1)\"/>",
            "<style><g><script>alert(1)</script></g></style>",
            "<feImage href=\"https://evil.example/alert\"/>",
            "<!--><script>alert(1)</script>-->",
            "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
        ] {
            let source = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">{hostile}</svg>"
            );
            // Refused or clean; never passed on.
            if let Ok(clean) = sanitise(source.as_bytes()) {
                assert!(
                    !clean.text.contains("alert") && !clean.text.contains("evil"),
                    "{hostile} -> {}",
                    clean.text
                );
            }
        }
        let escaped =
            "<svg><text>&lt;script&gt;x&lt;/script&gt;</text><title><![CDATA[<script>x</script>]]></title></svg>";
        assert!(!sanitise(escaped.as_bytes()).unwrap().text.contains("<script"));
    }

    #[test]
    fn broken_and_bombs_are_refused() {
        for source in [
            "<svg><g>",
            "<svg><g></svg>",
            "<svg/><svg/>",
            "<html/>",
            "<svg xmlns=\"http://www.w3.org/1999/xhtml\"/>",
            "<!DOCTYPE svg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><svg>&b;</svg>",
            "<svg>&unknown;</svg>",
            "<svg a=\"1\" a=\"2\"/>",
        ] {
            assert!(sanitise(source.as_bytes()).is_err(), "{source}");
        }
        let deep = format!("<svg>{}{}</svg>", "<g>".repeat(300), "</g>".repeat(300));
        assert!(sanitise(deep.as_bytes()).is_err());
        assert!(looks_like_svg(b"<?xml version=\"1.0\"?>\n<!DOCTYPE svg><svg/>"));
        assert!(!looks_like_svg(b"<html><svg/></html>") && !looks_like_svg(b"svg"));
    }
}
