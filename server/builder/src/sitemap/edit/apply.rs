//! Making edits: all of them, or none.

use std::collections::{HashMap, HashSet};

use igny8_text::is_slug;

use super::{Edit, MAX_EDITS, Problem, ProblemCode};
use crate::names::Entity;
use crate::sitemap::menus::MAX_ENTRIES;
use crate::sitemap::page::{
    Aim, MAX_DEPTH, MAX_LINKS, MAX_PAGES, MAX_TERMS, MAX_TITLE, Menu, MenuEntry, PagePlan, Sitemap,
};
use crate::sitemap::tree::{self, Fault};

struct Editing {
    pages: Vec<PagePlan>,
    menus: Vec<Menu>,
    /// Places of pages that are there.
    index: HashMap<String, usize>,
    /// The same with those that were deleted, through which a way upwards may lead.
    all: HashMap<String, usize>,
    addresses: HashMap<String, usize>,
    deleted: HashSet<usize>,
    /// Order among siblings: as they come, moved ones last.
    ranks: Vec<usize>,
    next_rank: usize,
    placed: HashSet<String>,
    /// The last edit that put something somewhere.
    last_move: Option<usize>,
}

/// Why one edit was refused, as [`Problem`].
type Refusal = (ProblemCode, String, String);

fn refuse<T>(code: ProblemCode, message: impl Into<String>, mend: impl Into<String>) -> Result<T, Refusal> {
    Err((code, message.into(), mend.into()))
}

/// The plan with all edits made.
///
/// # Errors
/// All edits that cannot be made; then none is.
pub fn apply(sitemap: &Sitemap, edits: &[Edit]) -> Result<Sitemap, Vec<Problem>> {
    if edits.len() > MAX_EDITS {
        return Err(vec![Problem {
            edit: MAX_EDITS,
            code: ProblemCode::TooMany,
            page: String::new(),
            message: format!("{} edits are too many for one call", edits.len()),
            mend: format!("make at most {MAX_EDITS} at once"),
        }]);
    }
    let mut editing = Editing::new(sitemap);
    let already: HashSet<String> = tree::faults(&sitemap.pages)
        .into_iter()
        .map(|(at, _)| sitemap.pages[at].key.clone())
        .collect();
    let mut problems: Vec<Problem> = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        if let Err((code, message, mend)) = editing.edit(at, edit) {
            problems.push(Problem {
                edit: at,
                code,
                page: edit.page().to_owned(),
                message,
                mend,
            });
        }
    }
    let last_move = editing.last_move;
    let edited = editing.finish();
    if let Some(last_move) = last_move {
        let deep = tree::faults(&edited.pages)
            .into_iter()
            .filter(|(_, fault)| *fault == Fault::Deep);
        for page in deep
            .map(|(at, _)| &edited.pages[at])
            .filter(|page| !already.contains(&page.key))
        {
            problems.push(Problem {
                edit: last_move,
                code: ProblemCode::Deep,
                page: page.key.clone(),
                message: format!("“{}” would be deeper than {MAX_DEPTH} levels", page.title),
                mend: "move it nearer to the home page".to_owned(),
            });
        }
    }
    if problems.is_empty() { Ok(edited) } else { Err(problems) }
}

impl Editing {
    fn new(sitemap: &Sitemap) -> Self {
        let pages = sitemap.pages.clone();
        let mut addresses: HashMap<String, usize> = HashMap::new();
        for page in &pages {
            *addresses.entry(page.address()).or_default() += 1;
        }
        let index: HashMap<String, usize> = pages
            .iter()
            .enumerate()
            .map(|(at, page)| (page.key.clone(), at))
            .collect();
        Self {
            all: index.clone(),
            index,
            ranks: (0..pages.len()).collect(),
            next_rank: pages.len(),
            pages,
            menus: sitemap.menus.clone(),
            addresses,
            deleted: HashSet::new(),
            placed: HashSet::new(),
            last_move: None,
        }
    }

    fn find(&self, key: &str) -> Result<usize, Refusal> {
        match self.index.get(key) {
            Some(&at) => Ok(at),
            None => refuse(
                ProblemCode::UnknownPage,
                format!("there is no page {key:?}"),
                "look at the plan again: somebody may have taken it out",
            ),
        }
    }

    fn edit(&mut self, at: usize, edit: &Edit) -> Result<(), Refusal> {
        match edit {
            Edit::Add { page } => {
                self.last_move = Some(at);
                self.add(page)
            }
            Edit::Delete { page } => self.delete(page),
            Edit::Rename {
                page,
                title,
                label,
                slug,
            } => self.rename(page, title.as_deref(), label.as_deref(), slug.as_deref()),
            Edit::Move { page, parent, position } => {
                self.last_move = Some(at);
                self.put(page, parent.as_deref(), *position)
            }
            Edit::Lock { page } => self.find(page).map(|at| self.pages[at].locked = true),
            Edit::Unlock { page } => self.find(page).map(|at| self.pages[at].locked = false),
            Edit::Aim {
                page,
                primary,
                keywords,
            } => {
                let page = self.change(page)?;
                page.primary.clone_from(primary);
                if let Some(keywords) = keywords {
                    page.keywords.clone_from(keywords);
                }
                let aimed = page.primary.clone();
                page.keywords.retain(|aim| Some(aim) != aimed.as_ref());
                Ok(())
            }
            Edit::Drop { page, keywords } => {
                let page = self.change(page)?;
                let kept = |aim: &Aim| !keywords.contains(&aim.id);
                page.keywords.retain(kept);
                if page.primary.as_ref().is_some_and(|aim| !kept(aim)) {
                    page.primary = (!page.keywords.is_empty()).then(|| page.keywords.remove(0));
                }
                Ok(())
            }
            Edit::Assign { page, cluster, role } => {
                if cluster.is_none() && role.is_some() {
                    return refuse(
                        ProblemCode::Inconsistent,
                        "a page without a cluster has no place in one",
                        "leave the role out, or name a cluster",
                    );
                }
                let page = self.change(page)?;
                page.cluster.clone_from(cluster);
                page.role = *role;
                Ok(())
            }
            Edit::File { page, add, remove } => {
                let page = self.change(page)?;
                page.terms.retain(|term| !remove.contains(term));
                let add: Vec<&String> = add.iter().filter(|term| !page.terms.contains(term)).collect();
                if page.terms.len() + add.len() > MAX_TERMS {
                    let message = format!("“{}” would have more than {MAX_TERMS} terms", page.title);
                    return refuse(ProblemCode::Full, message, "take others out first");
                }
                page.terms.extend(add.into_iter().cloned());
                Ok(())
            }
            Edit::Link { page, add, remove } => {
                for target in add {
                    self.find(target)?;
                }
                let page = self.change(page)?;
                page.links.retain(|link| !remove.contains(link));
                let own = page.key.clone();
                let add: Vec<&String> = add
                    .iter()
                    .filter(|to| **to != own && !page.links.contains(to))
                    .collect();
                if page.links.len() + add.len() > MAX_LINKS {
                    let message = format!("“{}” would have more than {MAX_LINKS} links", page.title);
                    return refuse(ProblemCode::Full, message, "take others out first");
                }
                page.links.extend(add.into_iter().cloned());
                Ok(())
            }
            Edit::Menu { menu } => self.menu(menu),
            Edit::Unlist { place, page } => {
                let page = page.as_str();
                for menu in self.menus.iter_mut().filter(|menu| menu.place == *place) {
                    menu.items = without(std::mem::take(&mut menu.items), &|key| key == page);
                    menu.locked = true;
                }
                Ok(())
            }
            Edit::TermRenamed { term, name, slug } => self.term_renamed(term, name, slug),
        }
    }

    /// The page, from now on as a person wants it.
    fn change(&mut self, key: &str) -> Result<&mut PagePlan, Refusal> {
        let at = self.find(key)?;
        let page = &mut self.pages[at];
        page.locked = true;
        Ok(page)
    }

    fn add(&mut self, page: &PagePlan) -> Result<(), Refusal> {
        if page.key.is_empty() || self.index.contains_key(&page.key) {
            return refuse(
                ProblemCode::KeyTaken,
                format!("there is a page {:?} already", page.key),
                "give it another key",
            );
        }
        if self.index.len() >= MAX_PAGES {
            return refuse(
                ProblemCode::Full,
                format!("the plan has {MAX_PAGES} pages already"),
                "take others out first",
            );
        }
        check_title(&page.title)?;
        let fits = page.entity == page.page_type.entity() && page.content_type == page.entity.content_type();
        let folder = page.section.starts_with('/') && page.section.ends_with('/');
        let folder = folder
            && page
                .section
                .trim_matches('/')
                .split('/')
                .all(|part| is_slug(part) || page.section == "/");
        if !fits || !folder || (page.cluster.is_none() && page.role.is_some()) {
            return refuse(
                ProblemCode::Inconsistent,
                format!("the parts of “{}” contradict each other", page.title),
                "let type, entity, content type, cluster and folder agree",
            );
        }
        check_slug(&page.slug)?;
        self.take_address(&page.address())?;
        let mut page = page.clone();
        page.position = u32::MAX;
        if let Some(parent) = &page.parent {
            self.find(parent)?;
        } else {
            page.parent = self
                .pages
                .iter()
                .find(|page| tree::is_home(page))
                .map(|home| home.key.clone());
        }
        page.links.retain(|key| self.index.contains_key(key));
        self.index.insert(page.key.clone(), self.pages.len());
        self.all.insert(page.key.clone(), self.pages.len());
        self.ranks.push(self.next_rank);
        self.next_rank += 1;
        self.pages.push(page);
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), Refusal> {
        let at = self.find(key)?;
        let page = &self.pages[at];
        if page.required {
            let message = format!("the site cannot be without “{}”", page.title);
            return refuse(ProblemCode::Required, message, "rename it, or choose another blueprint");
        }
        if page.locked {
            let message = format!("“{}” is locked", page.title);
            return refuse(ProblemCode::Locked, message, "unlock it first");
        }
        let address = page.address();
        self.free_address(&address);
        self.deleted.insert(at);
        self.index.remove(key);
        Ok(())
    }

    fn rename(
        &mut self,
        key: &str,
        title: Option<&str>,
        label: Option<&str>,
        slug: Option<&str>,
    ) -> Result<(), Refusal> {
        let at = self.find(key)?;
        for text in title.iter().chain(&label) {
            check_title(text)?;
        }
        if let Some(slug) = slug.filter(|slug| *slug != self.pages[at].slug) {
            let page = &self.pages[at];
            let mend = match page.entity {
                _ if tree::is_home(page) => Some("the home page is at the top of the site"),
                Entity::Section => Some("a list has the address that the blueprint gives it"),
                Entity::Term => Some("rename the term: its archive follows"),
                _ => None,
            };
            if let Some(mend) = mend {
                let message = format!("the address of “{}” follows from something else", page.title);
                return refuse(ProblemCode::AddressFixed, message, mend);
            }
            check_slug(slug)?;
            self.move_address(at, slug)?;
        }
        let page = &mut self.pages[at];
        page.locked = true;
        if let Some(title) = title {
            // The name in menus follows where it was the title.
            if page.label == page.title && label.is_none() {
                title.trim().clone_into(&mut page.label);
            }
            title.trim().clone_into(&mut page.title);
        }
        if let Some(label) = label {
            label.trim().clone_into(&mut page.label);
        }
        Ok(())
    }

    fn put(&mut self, key: &str, parent: Option<&str>, position: Option<u32>) -> Result<(), Refusal> {
        let at = self.find(key)?;
        if tree::is_home(&self.pages[at]) {
            return refuse(
                ProblemCode::Circle,
                "all pages stand below the home page",
                "move another page",
            );
        }
        if let Some(parent) = parent {
            self.find(parent)?;
            let mut above = Some(parent);
            // A plan that came with a circle in it is left after as many steps as there are pages.
            for _ in 0..=self.pages.len() {
                let Some(here) = above else { break };
                if here == key {
                    let message = format!("“{}” would stand below itself", self.pages[at].title);
                    return refuse(ProblemCode::Circle, message, "choose a page that is not below it");
                }
                above = self.all.get(here).and_then(|&of| self.pages[of].parent.as_deref());
            }
            self.pages[at].parent = Some(parent.to_owned());
        }
        self.ranks[at] = self.next_rank;
        self.next_rank += 1;
        let page = &mut self.pages[at];
        page.locked = true;
        page.position = position.unwrap_or(u32::MAX);
        self.placed.insert(key.to_owned());
        Ok(())
    }

    fn menu(&mut self, menu: &Menu) -> Result<(), Refusal> {
        let lists = menu
            .items
            .iter()
            .map(|entry| entry.below.len())
            .chain([menu.items.len()]);
        if lists.max().unwrap_or(0) > MAX_ENTRIES {
            return refuse(
                ProblemCode::Full,
                format!("a menu has at most {MAX_ENTRIES} entries, and as many below each"),
                "leave some out",
            );
        }
        for entry in &menu.items {
            for key in entry.below.iter().chain([&entry.page]) {
                self.find(key)?;
            }
            if let Some(label) = &entry.label {
                check_title(label)?;
            }
        }
        self.menus.retain(|other| other.place != menu.place);
        self.menus.push(Menu {
            locked: true,
            ..menu.clone()
        });
        self.menus.sort_by_key(|menu| menu.place);
        Ok(())
    }

    fn term_renamed(&mut self, term: &str, name: &str, slug: &str) -> Result<(), Refusal> {
        check_title(name)?;
        check_slug(slug)?;
        let key = crate::sitemap::archive_key(term);
        // A term without an archive of its own has nothing here that could follow.
        let Some(&at) = self.index.get(&key) else { return Ok(()) };
        self.move_address(at, slug)?;
        let page = &mut self.pages[at];
        if page.title == page.label {
            name.trim().clone_into(&mut page.title);
        }
        name.trim().clone_into(&mut page.label);
        Ok(())
    }

    fn take_address(&mut self, address: &str) -> Result<(), Refusal> {
        if self.addresses.get(address).is_some_and(|count| *count > 0) {
            return refuse(
                ProblemCode::AddressTaken,
                format!("another page is at {address}"),
                "choose another last part of the address",
            );
        }
        *self.addresses.entry(address.to_owned()).or_default() += 1;
        Ok(())
    }

    fn free_address(&mut self, address: &str) {
        if let Some(count) = self.addresses.get_mut(address) {
            *count = count.saturating_sub(1);
        }
    }

    fn move_address(&mut self, at: usize, slug: &str) -> Result<(), Refusal> {
        let old = self.pages[at].address();
        let new = format!("{}{slug}/", self.pages[at].section);
        if old != new {
            self.take_address(&new)?;
            self.free_address(&old);
            slug.clone_into(&mut self.pages[at].slug);
        }
        Ok(())
    }

    fn finish(self) -> Sitemap {
        let Self {
            mut pages,
            mut menus,
            deleted,
            ranks,
            placed,
            ..
        } = self;
        let gone: HashMap<String, Option<String>> = deleted
            .iter()
            .map(|&at| (pages[at].key.clone(), pages[at].parent.clone()))
            .collect();
        if !gone.is_empty() {
            for page in &mut pages {
                // Deleted pages may stand below each other; a circle of them ends after as many steps as there are.
                let mut steps = 0;
                while let Some(above) = page.parent.as_ref().and_then(|parent| gone.get(parent)) {
                    page.parent = above.clone().filter(|_| steps < gone.len());
                    steps += 1;
                }
                page.links.retain(|key| !gone.contains_key(key));
                for block in &mut page.blocks {
                    block.links.retain(|key| !gone.contains_key(key));
                }
            }
            for menu in &mut menus {
                menu.items = without(std::mem::take(&mut menu.items), &|key| gone.contains_key(key));
            }
        }
        let mut order: Vec<usize> = (0..pages.len()).filter(|at| !deleted.contains(at)).collect();
        order.sort_by_key(|at| ranks[*at]);
        let mut slots: Vec<Option<PagePlan>> = pages.into_iter().map(Some).collect();
        let kept = order.into_iter();
        let mut pages: Vec<PagePlan> = kept.filter_map(|at| slots[at].take()).collect();
        tree::arrange(&mut pages, |page| placed.contains(&page.key));
        Sitemap { pages, menus }
    }
}

/// The entries without some pages. What stood below one moves up.
fn without(items: Vec<MenuEntry>, gone: &impl Fn(&str) -> bool) -> Vec<MenuEntry> {
    let mut out = Vec::with_capacity(items.len());
    for mut entry in items {
        entry.below.retain(|key| !gone(key));
        if gone(&entry.page) {
            out.extend(entry.below.into_iter().map(|page| MenuEntry {
                page,
                label: None,
                below: Vec::new(),
            }));
        } else {
            out.push(entry);
        }
    }
    out
}

fn check_title(text: &str) -> Result<(), Refusal> {
    let length = text.trim().chars().count();
    if length == 0 || length > MAX_TITLE || text.chars().any(char::is_control) {
        return refuse(
            ProblemCode::Title,
            "a title or name is empty, too long or holds control characters",
            format!("write 1 to {MAX_TITLE} characters"),
        );
    }
    Ok(())
}

fn check_slug(slug: &str) -> Result<(), Refusal> {
    if is_slug(slug) {
        return Ok(());
    }
    refuse(
        ProblemCode::Slug,
        format!("{slug:?} cannot be a part of an address"),
        "write lower-case letters and digits, joined by single hyphens, at most 100",
    )
}
