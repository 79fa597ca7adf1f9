//! What the common lexer needs to know of each language.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Class;

/// A string: how it begins and ends, whether a backslash escapes, whether it may hold line breaks.
#[derive(Clone, Copy)]
pub(super) struct Quote(pub &'static str, pub &'static str, pub bool, pub bool);

/// One language.
pub(super) struct Spec {
    names: &'static [&'static str],
    pub line: &'static [&'static str],
    pub block: Option<(&'static str, &'static str)>,
    /// Longer openings come first.
    pub quotes: &'static [Quote],
    keywords: &'static str,
    literals: &'static str,
    types: &'static str,
    /// Sum of the flags below.
    pub flags: u32,
}

/// Words are the same in any case.
pub(super) const ANY_CASE: u32 = 1;
/// `Name` is a type, `NAME` a constant.
pub(super) const CAPITALS: u32 = 1 << 1;
/// `name(` is a call.
pub(super) const CALLS: u32 = 1 << 2;
/// `name!` is a macro, `'a` a lifetime, `#[…]` an attribute, `r#"…"#` a string.
pub(super) const RUST: u32 = 1 << 3;
/// `@name` stands before a declaration.
pub(super) const DECORATORS: u32 = 1 << 4;
/// `$name` and `${name}`, within double quotes too.
pub(super) const DOLLARS: u32 = 1 << 5;
/// `#name` at the start of a line.
pub(super) const PREPROCESSOR: u32 = 1 << 6;
/// `/…/` where a value is wanted.
pub(super) const REGEX: u32 = 1 << 7;
/// Comments after white space only, `-x` and `--name`.
pub(super) const SHELL: u32 = 1 << 8;
/// `:name` and `@name`.
pub(super) const RUBY: u32 = 1 << 9;
/// Letters before a quote belong to the string: `f"…"`.
pub(super) const PREFIXES: u32 = 1 << 10;
/// `<?php` and `?>`, `#[`.
pub(super) const PHP: u32 = 1 << 11;
/// `/* … */` within itself.
pub(super) const NESTED: u32 = 1 << 12;
/// `<<WORD` up to a line that is WORD.
pub(super) const HEREDOC: u32 = 1 << 13;

const DOUBLE: Quote = Quote("\"", "\"", true, false);
const SINGLE: Quote = Quote("'", "'", true, false);
const BACKTICK: Quote = Quote("`", "`", true, true);
const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];
const STARS: Option<(&str, &str)> = Some(("/*", "*/"));

const C_KEYWORDS: &str = "alignas alignof asm auto break case const constexpr continue default do else enum extern for goto if inline register restrict return sizeof static static_assert struct switch thread_local typedef typeof union volatile while";
const C_TYPES: &str = "bool char double float int long short signed unsigned void size_t ssize_t ptrdiff_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t FILE wchar_t";
const JS_KEYWORDS: &str = "as async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in instanceof let new of return set static super switch this throw try typeof var void while with yield";

static SPECS: &[Spec] = &[
    Spec {
        names: &["rust", "rs"],
        line: SLASHES,
        block: STARS,
        quotes: &[Quote("\"", "\"", true, true)],
        keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self static struct super trait type union unsafe use where while yield",
        literals: "true false None Some Ok Err",
        types: "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize Self",
        flags: CAPITALS | CALLS | RUST | NESTED,
    },
    Spec {
        names: &["javascript", "js", "jsx", "mjs", "cjs", "node"],
        line: SLASHES,
        block: STARS,
        quotes: &[DOUBLE, SINGLE, BACKTICK],
        keywords: JS_KEYWORDS,
        literals: "true false null undefined NaN Infinity",
        types: "",
        flags: CAPITALS | CALLS | REGEX | DECORATORS,
    },
    Spec {
        names: &["typescript", "ts", "tsx", "mts", "cts"],
        line: SLASHES,
        block: STARS,
        quotes: &[DOUBLE, SINGLE, BACKTICK],
        keywords: "as async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in instanceof let new of return set static super switch this throw try typeof var void while with yield abstract asserts declare enum implements infer interface is keyof module namespace override private protected public readonly satisfies type unique",
        literals: "true false null undefined NaN Infinity",
        types: "any bigint boolean never number object string symbol unknown",
        flags: CAPITALS | CALLS | REGEX | DECORATORS,
    },
    Spec {
        names: &["python", "py", "python3", "py3", "pyi"],
        line: HASH,
        block: None,
        quotes: &[
            Quote("\"\"\"", "\"\"\"", true, true),
            Quote("'''", "'''", true, true),
            DOUBLE,
            SINGLE,
        ],
        keywords: "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield",
        literals: "True False None self cls NotImplemented",
        types: "bool bytes complex dict float frozenset int list object set str tuple type",
        flags: CAPITALS | CALLS | DECORATORS | PREFIXES,
    },
    Spec {
        names: &["go", "golang"],
        line: SLASHES,
        block: STARS,
        quotes: &[DOUBLE, SINGLE, Quote("`", "`", false, true)],
        keywords: "break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var",
        literals: "true false nil iota",
        types: "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr",
        flags: CALLS,
    },
    Spec {
        names: &["java"],
        line: SLASHES,
        block: STARS,
        quotes: &[Quote("\"\"\"", "\"\"\"", true, true), DOUBLE, SINGLE],
        keywords: "abstract assert break case catch class const continue default do else enum exports extends final finally for goto if implements import instanceof interface module native new non-sealed package permits private protected public record requires return sealed static strictfp super switch synchronized this throw throws transient try var volatile when while yield",
        literals: "true false null",
        types: "boolean byte char double float int long short void",
        flags: CAPITALS | CALLS | DECORATORS,
    },
    Spec {
        names: &["kotlin", "kt", "kts"],
        line: SLASHES,
        block: STARS,
        quotes: &[Quote("\"\"\"", "\"\"\"", false, true), DOUBLE, SINGLE],
        keywords: "abstract as break by catch class companion const constructor continue crossinline data do else enum external final finally for fun get if import in infix init inline inner interface internal is lateinit noinline object open operator out override package private protected public reified return sealed set super suspend tailrec this throw try typealias val var vararg when where while",
        literals: "true false null it",
        types: "",
        flags: CAPITALS | CALLS | DECORATORS | DOLLARS | NESTED,
    },
    Spec {
        names: &["swift"],
        line: SLASHES,
        block: STARS,
        quotes: &[Quote("\"\"\"", "\"\"\"", true, true), DOUBLE],
        keywords: "actor as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough fileprivate for func guard if import in indirect init inout internal is lazy let mutating open operator override private protocol public repeat required rethrows return self some static struct subscript super switch throw throws try typealias unowned var weak where while",
        literals: "true false nil",
        types: "",
        flags: CAPITALS | CALLS | DECORATORS | NESTED,
    },
    Spec {
        names: &["c", "h"],
        line: SLASHES,
        block: STARS,
        quotes: &[DOUBLE, SINGLE],
        keywords: C_KEYWORDS,
        literals: "true false NULL nullptr",
        types: C_TYPES,
        flags: CALLS | PREPROCESSOR,
    },
    Spec {
        names: &["cpp", "c++", "cc", "cxx", "hpp", "hh", "arduino", "objective-c", "objc"],
        line: SLASHES,
        block: STARS,
        quotes: &[DOUBLE, SINGLE],
        keywords: "alignas alignof asm auto break case catch class co_await co_return co_yield concept const consteval constexpr constinit const_cast continue decltype default delete do dynamic_cast else enum explicit export extern final for friend goto if import inline module mutable namespace new noexcept operator override private protected public register reinterpret_cast requires return sizeof static static_assert static_cast struct switch template this thread_local throw try typedef typeid typename union using virtual volatile while",
        literals: "true false NULL nullptr",
        types: "bool char char8_t char16_t char32_t double float int long short signed unsigned void size_t wchar_t string vector map set int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t",
        flags: CALLS | PREPROCESSOR | CAPITALS,
    },
    Spec {
        names: &["csharp", "c#", "cs", "dotnet"],
        line: SLASHES,
        block: STARS,
        quotes: &[
            Quote("\"\"\"", "\"\"\"", false, true),
            Quote("@\"", "\"", false, true),
            DOUBLE,
            SINGLE,
        ],
        keywords: "abstract as async await base break case catch checked class const continue default delegate do else enum event explicit extern finally fixed for foreach get goto if implicit in init interface internal is lock nameof namespace new operator out override params partial private protected public readonly record ref required return sealed set sizeof stackalloc static struct switch this throw try typeof unchecked unsafe using value var virtual volatile when where while with yield",
        literals: "true false null",
        types: "bool byte char decimal double dynamic float int long object sbyte short string uint ulong ushort void nint nuint",
        flags: CALLS | PREPROCESSOR | CAPITALS | PREFIXES,
    },
    Spec {
        names: &["php"],
        line: &["//", "#"],
        block: STARS,
        quotes: &[Quote("\"", "\"", true, true), Quote("'", "'", true, true)],
        keywords: "abstract and array as break callable case catch class clone const continue declare default do echo else elseif empty enddeclare endfor endforeach endif endswitch endwhile enum exit extends final finally fn for foreach function global goto if implements include include_once instanceof insteadof interface isset list match namespace new or print private protected public readonly require require_once return static switch throw trait try unset use var while xor yield",
        literals: "true false null TRUE FALSE NULL self parent",
        types: "bool float int iterable mixed never object string void",
        flags: CAPITALS | CALLS | DOLLARS | PHP | HEREDOC,
    },
    Spec {
        names: &["ruby", "rb", "gemfile", "rakefile", "crystal"],
        line: HASH,
        block: None,
        quotes: &[Quote("\"", "\"", true, true), Quote("'", "'", true, true), BACKTICK],
        keywords: "alias and begin break case class def defined? do else elsif end ensure for if in module next not or redo rescue retry return then undef unless until when while yield require require_relative include extend attr_reader attr_writer attr_accessor private protected public raise",
        literals: "true false nil self super __FILE__ __LINE__",
        types: "",
        flags: CAPITALS | CALLS | RUBY | REGEX | HEREDOC,
    },
    Spec {
        names: &["shell", "sh", "bash", "zsh", "fish", "ksh"],
        line: HASH,
        block: None,
        quotes: &[Quote("\"", "\"", true, true), Quote("'", "'", false, true), BACKTICK],
        keywords: "case do done elif else esac fi for function if in select then time until while return break continue exit",
        literals: "true false",
        types: "alias bg bind builtin cd chmod command cp curl declare echo eval exec export fg getopts git grep hash jobs kill local ls mkdir mv popd printf pushd pwd read readonly rm sed set shift shopt source sudo test trap type ulimit umask unalias unset wait",
        flags: DOLLARS | SHELL | HEREDOC,
    },
    Spec {
        names: &["powershell", "ps1", "pwsh"],
        line: HASH,
        block: Some(("<#", "#>")),
        quotes: &[Quote("\"", "\"", false, true), Quote("'", "'", false, true)],
        keywords: "begin break catch class continue data do dynamicparam else elseif end exit filter finally for foreach from function if in param process return switch throw trap try until using while",
        literals: "",
        types: "",
        flags: ANY_CASE | DOLLARS | SHELL,
    },
    Spec {
        names: &["dockerfile", "docker", "containerfile"],
        line: HASH,
        block: None,
        quotes: &[DOUBLE, Quote("'", "'", false, false)],
        keywords: "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
        literals: "",
        types: "",
        flags: DOLLARS | SHELL | HEREDOC,
    },
    Spec {
        names: &["makefile", "make", "mk"],
        line: HASH,
        block: None,
        quotes: &[DOUBLE, Quote("'", "'", false, false)],
        keywords: "define else endef endif export ifdef ifeq ifndef ifneq include override unexport",
        literals: "",
        types: "",
        flags: DOLLARS | SHELL,
    },
    Spec {
        names: &[
            "sql",
            "postgres",
            "postgresql",
            "mysql",
            "sqlite",
            "plsql",
            "tsql",
            "surql",
            "surrealql",
        ],
        line: &["--"],
        block: STARS,
        quotes: &[
            Quote("'", "'", false, true),
            Quote("\"", "\"", false, false),
            Quote("`", "`", false, false),
        ],
        keywords: "add all alter analyze and any as asc begin between by cascade case check collate column commit conflict constraint create cross database declare default delete desc distinct do drop else end escape except execute exists explain fetch filter first for foreign from full function grant group having if ilike in index inner insert intersect into is join key last lateral left like limit materialized natural not nothing nulls of offset on only or order outer over partition primary procedure recursive references rename replace restrict returning returns revoke right rollback row rows schema select sequence set some table temporary then to transaction trigger truncate union unique update using vacuum values view when where window with without",
        literals: "true false null",
        types: "bigint bigserial binary bit blob boolean bool bytea char character date datetime decimal double float int integer interval json jsonb money numeric real serial smallint text time timestamp timestamptz tinyint uuid varchar varbinary xml",
        flags: ANY_CASE | CALLS,
    },
    Spec {
        names: &["lua"],
        line: &["--"],
        block: Some(("--[[", "]]")),
        quotes: &[Quote("[[", "]]", false, true), DOUBLE, SINGLE],
        keywords: "and break do else elseif end for function goto if in local not or repeat return then until while",
        literals: "true false nil self",
        types: "",
        flags: CALLS,
    },
    Spec {
        names: &["nginx", "caddy", "caddyfile", "hcl", "terraform", "tf", "nix"],
        line: HASH,
        block: STARS,
        quotes: &[DOUBLE, Quote("'", "'", false, false)],
        keywords: "http server location upstream events if else for in let with rec inherit import resource variable output provider module data locals terraform listen server_name root return rewrite proxy_pass try_files include",
        literals: "true false null on off",
        types: "string number bool list map",
        flags: DOLLARS | SHELL,
    },
    Spec {
        names: &["graphql", "gql"],
        line: HASH,
        block: None,
        quotes: &[Quote("\"\"\"", "\"\"\"", false, true), DOUBLE],
        keywords: "directive enum extend fragment implements input interface mutation on query scalar schema subscription type union",
        literals: "true false null",
        types: "Boolean Float ID Int String",
        flags: CAPITALS | DECORATORS | DOLLARS,
    },
    Spec {
        names: &["scala", "dart", "groovy", "gradle", "zig", "protobuf", "proto"],
        line: SLASHES,
        block: STARS,
        quotes: &[Quote("\"\"\"", "\"\"\"", true, true), DOUBLE, SINGLE],
        keywords: "abstract as async await break case catch class const continue def default defer do else enum error export extends extension factory final finally fn for get given if implements implicit import in inline interface is late lazy library match message mixin mut new null object of on oneof override package part private protected pub public repeated required optional return rpc sealed service set show static struct super switch syntax test this throw trait try type typedef union using val var void when where while with yield",
        literals: "true false null undefined",
        types: "bool double dynamic float int string uint32 uint64 int32 int64 u8 u16 u32 u64 i8 i16 i32 i64 usize num",
        flags: CAPITALS | CALLS | DECORATORS,
    },
];

/// A language with its words in a table.
pub(super) struct Language {
    pub spec: &'static Spec,
    words: HashMap<&'static str, Class>,
}

impl Language {
    /// What a word is, if it is one of the language's own.
    pub fn word(&self, word: &str) -> Option<Class> {
        if self.spec.flags & ANY_CASE == 0 {
            return self.words.get(word).copied();
        }
        self.words.get(word.to_ascii_lowercase().as_str()).copied()
    }
}

/// All tables, made at the first use: about 1,500 words.
static LANGUAGES: LazyLock<(Vec<Language>, HashMap<&'static str, usize>)> = LazyLock::new(|| {
    let languages = SPECS.iter().map(|spec| {
        let lists = [
            (spec.keywords, Class::Keyword),
            (spec.literals, Class::Literal),
            (
                spec.types,
                if spec.flags & SHELL == 0 {
                    Class::Type
                } else {
                    Class::Function
                },
            ),
        ];
        let words = lists
            .iter()
            .flat_map(|&(list, class)| list.split(' ').map(move |word| (word, class)));
        Language {
            spec,
            words: words.collect(),
        }
    });
    let names = SPECS.iter().enumerate();
    let names = names.flat_map(|(i, spec)| spec.names.iter().map(move |name| (*name, i)));
    (languages.collect(), names.collect())
});

/// The language called `name` (in lower case).
pub(super) fn find(name: &str) -> Option<&'static Language> {
    let (languages, names) = &*LANGUAGES;
    names.get(name).and_then(|&i| languages.get(i))
}
