use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn site(number: u64) -> SiteId {
    SiteId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn levels() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

prop_compose! {
    fn table_grants()(
        level in prop::option::of(levels()),
        delete in prop::option::of(any::<bool>()),
        rows in prop::option::of(prop::sample::select(vec!["A > 1".to_owned(), "B = 'x'".to_owned()])),
    ) -> TableGrant {
        TableGrant { level, rows, delete }
    }
}

prop_compose! {
    fn grants()(
        bases in prop::option::of(levels()),
        base in prop::collection::btree_map(0u64..3, levels(), 0..3),
        table in prop::collection::btree_map(0u64..3, table_grants(), 0..3),
        field in prop::collection::btree_map(
            (0u64..3, 0u32..3).prop_map(|(table, field)| FieldKey { table, field }),
            prop::sample::select(FieldLevel::ALL.to_vec()),
            0..4,
        ),
        sites in prop::option::of(levels()),
        site in prop::collection::btree_map((0u64..3).prop_map(site), levels(), 0..3),
        may in prop::collection::btree_map(prop::sample::select(Ability::ALL.to_vec()), any::<bool>(), 0..4),
    ) -> Grants {
        Grants { bases, base, table, field, sites, site, may }
    }
}

fn sources() -> impl Strategy<Value = Vec<(Source, Grants)>> {
    let source = prop::sample::select(vec![
        Source::Role("Accountant".into()),
        Source::Group("Sales".into()),
        Source::Group("Berlin".into()),
        Source::Person,
    ]);
    prop::collection::vec((source, grants()), 0..5)
}

fn roles() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn allowed(yes: bool) -> &'static str {
    if yes { "allowed" } else { "refused" }
}

proptest! {
    #[test]
    fn the_explainer_tells_what_is_checked(role in roles(), sources in sources()) {
        let access = Access::new(role, sources);
        let outcome = |question| access.explain(question).outcome;
        for base in 0..3 {
            prop_assert_eq!(outcome(Question::Base(base)), access.base(base).name());
            for table in 0..3 {
                let level = access.table(base, table);
                prop_assert_eq!(outcome(Question::Table { base, table }), level.name());
                prop_assert_eq!(outcome(Question::Delete { base, table }), allowed(access.deletes(base, table)));
                for field in 0..3 {
                    let field = FieldKey { table, field };
                    prop_assert_eq!(outcome(Question::Field { base, field }), access.field(level, field).name());
                }
            }
        }
        for number in 0..3 {
            prop_assert_eq!(outcome(Question::Site(site(number))), access.site(site(number)).name());
        }
        for ability in Ability::ALL {
            prop_assert_eq!(outcome(Question::Ability(ability)), allowed(access.able(ability)));
        }
    }

    #[test]
    fn a_refusal_wins_whoever_says_it(role in roles(), sources in sources(), at in any::<prop::sample::Index>()) {
        prop_assume!(role != Role::Owner && !sources.is_empty());
        let mut refused = sources;
        let at = at.index(refused.len());
        let grants = &mut refused[at].1;
        grants.base.insert(1, Level::None);
        grants.site.insert(site(1), Level::None);
        grants.may.insert(Ability::ExportData, false);
        grants.field.insert(FieldKey { table: 2, field: 2 }, FieldLevel::Hidden);
        let access = Access::new(role, refused);
        prop_assert_eq!(access.base(1), Level::None);
        prop_assert_eq!(access.table(1, 2), Level::None);
        prop_assert_eq!(access.site(site(1)), Level::None);
        prop_assert!(!access.able(Ability::ExportData) && !access.may(Capability::ExportData));
        prop_assert_eq!(access.field(Level::Manage, FieldKey { table: 2, field: 2 }), FieldLevel::Hidden);
    }

    #[test]
    fn the_order_in_which_sources_come_does_not_matter(role in roles(), sources in sources()) {
        let mut turned = sources.clone();
        turned.reverse();
        let (one, other) = (Access::new(role, sources), Access::new(role, turned));
        for base in 0..3 {
            prop_assert_eq!(one.base(base), other.base(base));
            for table in 0..3 {
                prop_assert_eq!(one.table(base, table), other.table(base, table));
                prop_assert_eq!(one.deletes(base, table), other.deletes(base, table));
            }
        }
    }

    #[test]
    fn stored_and_read_again_it_is_the_same(grants in grants()) {
        prop_assert_eq!(Grants::read(&grants.write()).unwrap(), grants);
    }

    #[test]
    fn who_may_something_somewhere_has_the_capability(role in roles(), sources in sources()) {
        let access = Access::new(role, sources);
        for base in 0..3 {
            for table in 0..3 {
                let level = access.table(base, table);
                prop_assert!(level < Level::Read || access.may(Capability::ReadRecords));
                prop_assert!(level < Level::Edit || access.may(Capability::WriteRecords));
                prop_assert!(level < Level::Manage || access.may(Capability::EditSchema));
                prop_assert!(!access.deletes(base, table) || access.may(Capability::DeleteRecords));
            }
        }
    }
}

#[test]
fn owners_are_never_limited() {
    let none = Grants { bases: Some(Level::None), sites: Some(Level::None), ..Grants::default() };
    let access = Access::new(Role::Owner, vec![(Source::Person, none)]);
    assert_eq!((access.base(1), access.site(site(1))), (Level::Manage, Level::Manage));
}

#[test]
fn a_client_has_what_was_assigned_and_nothing_else() {
    let one = Grants { site: [(site(1), Level::Edit)].into(), ..Grants::default() };
    let access = Access::new(Role::Client, vec![(Source::Person, one)]);
    assert_eq!((access.site(site(1)), access.site(site(2))), (Level::Edit, Level::None));
    assert!(access.may(Capability::EditPages) && !access.may(Capability::Publish));
    assert!(!access.may(Capability::ReadRecords) && !access.may(Capability::ReadMembers));
}

#[test]
fn the_chain_names_who_decided() {
    let group = Grants { base: [(7, Level::Manage)].into(), ..Grants::default() };
    let own = Grants { base: [(7, Level::Read)].into(), ..Grants::default() };
    let access =
        Access::new(Role::Editor, vec![(Source::Person, own), (Source::Group("Sales".into()), group)]);
    let told = access.explain(Question::Base(7));
    assert_eq!(told.outcome, "read");
    let chain: Vec<_> = told.reasons.iter().map(|one| (one.about, one.said, one.decides)).collect();
    assert_eq!(chain, [("role", "edit", false), ("base", "manage", false), ("base", "read", true)]);
    assert_eq!(told.reasons[2].source, Some(Source::Person));
}

#[test]
fn what_a_newer_process_wrote_is_refused() {
    assert!(Grants::read(r#"{"bases":"read","galaxy":"none"}"#).is_err());
    assert!(Grants::read(r#"{"field":{"1":"hidden"}}"#).is_err());
    let grants =
        Grants::read(r#"{"field":{"1.2":"hidden"},"base":{"18446744073709551615":"none"}}"#).unwrap();
    assert_eq!(grants.len(), 2);
}
