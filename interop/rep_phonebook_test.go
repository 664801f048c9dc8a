package interop_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/phonebook"
	"github.com/go-qtro/qtro/qt"
)

func TestRepPhonebook(t *testing.T) {
	eachRep(t, "phonebook", phonebookOfQt, phonebookOfGo)
}

// Two people, in Go and as the peers write them, and nobody: what an empty POD is once it has been on the wire.
var (
	ada = phonebook.Person{ID: 1, Name: "Ada", Born: qt.Date{Year: 1815, Month: time.December, Day: 10}, Main: phonebook.Number{Label: "home", Digits: "+44 1"},
		Others: []phonebook.Number{{Label: "mill", Digits: "2"}, {Label: "sea", Digits: "3"}}, Tags: []string{"maths", "größe"}}
	bob    = phonebook.Person{ID: 2, Name: "Bob", Main: phonebook.Number{Label: "job", Digits: "9"}, Others: []phonebook.Number{}, Tags: []string{}}
	nobody = phonebook.Person{Others: []phonebook.Number{}, Tags: []string{}}
	noon   = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
)

const (
	adaJSON = `{"id":1,"name":"Ada","born":"1815-12-10","main":{"label":"home","digits":"+44 1"},` +
		`"others":[{"label":"mill","digits":"2"},{"label":"sea","digits":"3"}],"tags":["maths","größe"]}`
	bobJSON    = `{"id":2,"name":"Bob","born":"","main":{"label":"job","digits":"9"},"others":[],"tags":[]}`
	nobodyJSON = `{"id":0,"name":null,"born":"","main":{"label":null,"digits":null},"others":[],"tags":[]}`
	bothJSON   = `{"Ada":` + adaJSON + `,"Bob":` + bobJSON + `}`
)

// byName returns people as the phone book has them.
func byName(people ...phonebook.Person) map[string]phonebook.Person {
	all := map[string]phonebook.Person{}
	for _, p := range people {
		all[p.Name] = p
	}
	return all
}

func phonebookOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "PhoneBook")
	r, err := phonebook.AcquirePhoneBook(q.node, "PhoneBook")
	require.NoError(t, err)
	defaults := func() {
		require.Empty(t, r.People())
		require.Empty(t, r.Recent())
		require.Empty(t, r.Aliases())
		require.Equal(t, nobody, r.Owner())
		require.Zero(t, r.Size())
	}
	defaults()
	q.connect(r)
	defaults()

	changes(q, "PhoneBook.people", bothJSON, r.People, r.OnPeopleChanged, byName(ada, bob))
	changes(q, "PhoneBook.recent", `[{"label":"sea","digits":"3"}]`, r.Recent, r.OnRecentChanged, ada.Others[1:])
	changes(q, "PhoneBook.aliases", `{"a":"Ada","":"none"}`, r.Aliases, r.OnAliasesChanged, map[string]string{"a": "Ada", "": "none"})
	changes(q, "PhoneBook.owner", adaJSON, r.Owner, r.OnOwnerChanged, ada)
	changes(q, "PhoneBook.size", "2", r.Size, r.OnSizeChanged, 2)

	writes(q, "PhoneBook.people", r.PushPeople, byName(ada), r.People, r.OnPeopleChanged, `{"Ada":`+adaJSON+`}`)
	writes(q, "PhoneBook.recent", r.PushRecent, ada.Others, r.Recent, r.OnRecentChanged, `[{"label":"mill","digits":"2"},{"label":"sea","digits":"3"}]`)
	writes(q, "PhoneBook.aliases", r.SetAliases, map[string]string{"é": "é"}, r.Aliases, r.OnAliasesChanged, `{"é":"é"}`)
	writes(q, "PhoneBook.owner", r.SetOwner, bob, r.Owner, r.OnOwnerChanged, bobJSON)

	added := func(heard chan any) func() { return r.OnAdded(func(p phonebook.Person) { heard <- p }) }
	q.emits("PhoneBook.added", "["+adaJSON+"]", added, ada)
	renamed := func(heard chan any) func() {
		return r.OnRenamed(func(before, after phonebook.Person) { heard <- []any{before, after} })
	}
	q.emits("PhoneBook.renamed", "["+adaJSON+","+bobJSON+"]", renamed, []any{ada, bob})
	listed := func(heard chan any) func() {
		return r.OnListed(func(people map[string]phonebook.Person) { heard <- people })
	}
	q.emits("PhoneBook.listed", "["+bothJSON+"]", listed, byName(ada, bob))
	dialled := func(heard chan any) func() {
		return r.OnDialled(func(n phonebook.Number, at time.Time) { heard <- []any{n, at} })
	}
	q.emits("PhoneBook.dialled", `[{"label":"job","digits":"9"},"2024-02-29T12:00:00.000Z"]`, dialled, []any{bob.Main, noon})

	hears(t, added, func() { gives(t, int32(2))(r.Add(soonContext(t), bob)) }, bob)
	require.Equal(t, byName(ada, bob), r.People())
	hears(t, renamed, func() { gives(t, int32(2))(r.Add(soonContext(t), bob)) }, []any{bob, bob})
	gives(t, ada)(r.Find(soonContext(t), "Ada"))
	gives(t, nobody)(r.Find(soonContext(t), "Eve"))
	gives(t, ada.Others[0])(r.NumberOf(soonContext(t), ada))
	gives(t, []phonebook.Person{ada, bob})(r.Matching(soonContext(t), "", 5))
	gives(t, []phonebook.Person{bob})(r.Matching(soonContext(t), "o", 5))
	gives(t, map[string]phonebook.Person{"9": bob})(r.ByDigits(soonContext(t), []phonebook.Number{bob.Main, {Label: "x"}}))
	hears(t, listed, func() { gives(t, true)(r.Remove(soonContext(t), 1)) }, byName(bob))
	hears(t, dialled, func() { require.NoError(t, r.Dial(soonContext(t), bob.Main)) }, []any{bob.Main, noon})
	require.Equal(t, append(slices.Clone(ada.Others), bob.Main), r.Recent())
}

func phonebookOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "PhoneBook")
	defaults := func() {
		for property, want := range map[string]string{"people": "{}", "recent": "[]", "aliases": "{}", "owner": nobodyJSON, "size": "0"} {
			q.is("PhoneBook."+property, want)
		}
	}
	defaults()
	impl := &goPhoneBook{}
	s, err := phonebook.NewPhoneBookSource(impl)
	require.NoError(t, err)
	impl.PhoneBookSource = s
	refuse(t, s.OnPushPeople, byName(bob))
	refuse(t, s.OnPushRecent, []phonebook.Number{bob.Main})
	refuse(t, s.OnSetAliases, map[string]string{"no": "no"})
	refuse(t, s.OnSetOwner, ada)
	q.serve("PhoneBook", s.Source())
	defaults()

	sets(q, "PhoneBook.people", s.SetPeople, byName(ada, bob), s.People, bothJSON)
	sets(q, "PhoneBook.recent", s.SetRecent, ada.Others[1:], s.Recent, `[{"label":"sea","digits":"3"}]`)
	sets(q, "PhoneBook.aliases", s.SetAliases, map[string]string{"a": "Ada", "": "none"}, s.Aliases, `{"a":"Ada","":"none"}`)
	sets(q, "PhoneBook.owner", s.SetOwner, ada, s.Owner, adaJSON)
	sets(q, "PhoneBook.size", s.SetSize, 2, s.Size, "2")

	asks(q, "PhoneBook.people", `{"Bob":`+bobJSON+`}`, `{"Ada":`+adaJSON+`}`, s.People, byName(ada))
	asks(q, "PhoneBook.recent", `[{"label":"job","digits":"9"}]`, `[{"label":"mill","digits":"2"},{"label":"sea","digits":"3"}]`, s.Recent, ada.Others)
	asks(q, "PhoneBook.aliases", `{"no":"no"}`, `{"é":"é"}`, s.Aliases, map[string]string{"é": "é"})
	asks(q, "PhoneBook.owner", adaJSON, bobJSON, s.Owner, bob)

	require.NoError(t, s.EmitAdded(ada))
	q.signal("PhoneBook.added", "["+adaJSON+"]")
	require.NoError(t, s.EmitRenamed(ada, bob))
	q.signal("PhoneBook.renamed", "["+adaJSON+","+bobJSON+"]")
	require.NoError(t, s.EmitListed(byName(ada, bob)))
	q.signal("PhoneBook.listed", "["+bothJSON+"]")
	require.NoError(t, s.EmitDialled(bob.Main, noon))
	q.signal("PhoneBook.dialled", `[{"label":"job","digits":"9"},"2024-02-29T12:00:00.000Z"]`)

	q.replies("PhoneBook.add", "["+bobJSON+"]", "2")
	q.changed("PhoneBook.people", bothJSON)
	q.signal("PhoneBook.added", "["+bobJSON+"]")
	q.replies("PhoneBook.find", `["Ada"]`, adaJSON)
	q.replies("PhoneBook.find", `["Eve"]`, nobodyJSON)
	q.replies("PhoneBook.numberOf", "["+adaJSON+"]", `{"label":"mill","digits":"2"}`)
	q.repliesPODs("PhoneBook.matching", `["o",5]`, "["+bobJSON+"]")
	q.repliesPODs("PhoneBook.byDigits", `[[{"label":"job","digits":"9"},{"label":"x","digits":""}]]`, `{"9":`+bobJSON+`}`)
	q.replies("PhoneBook.remove", "[1]", "true")
	q.signal("PhoneBook.listed", `[{"Bob":`+bobJSON+`}]`)
	q.calls("PhoneBook.dial", `[{"label":"job","digits":"9"}]`)
	q.signal("PhoneBook.dialled", `[{"label":"job","digits":"9"},"2024-02-29T12:00:00.000Z"]`)
	require.Equal(t, append(slices.Clone(ada.Others), bob.Main), s.Recent())
}

type goPhoneBook struct{ *phonebook.PhoneBookSource }

func (b *goPhoneBook) Add(_ context.Context, person phonebook.Person) (int32, error) {
	all := b.People()
	all[person.Name] = person
	return int32(len(all)), errors.Join(b.SetPeople(all), b.SetSize(int32(len(all))), b.EmitAdded(person))
}

func (b *goPhoneBook) Find(_ context.Context, name string) (phonebook.Person, error) {
	return b.People()[name], nil
}

func (b *goPhoneBook) NumberOf(_ context.Context, person phonebook.Person) (phonebook.Number, error) {
	return person.Others[0], nil
}

func (b *goPhoneBook) Matching(_ context.Context, part string, most int32) ([]phonebook.Person, error) {
	var found []phonebook.Person
	for _, p := range b.People() {
		if strings.Contains(p.Name, part) && len(found) < int(most) {
			found = append(found, p)
		}
	}
	return found, nil
}

func (b *goPhoneBook) ByDigits(_ context.Context, numbers []phonebook.Number) (map[string]phonebook.Person, error) {
	found := map[string]phonebook.Person{}
	for _, p := range b.People() {
		if slices.Contains(numbers, p.Main) {
			found[p.Main.Digits] = p
		}
	}
	return found, nil
}

func (b *goPhoneBook) Remove(_ context.Context, id int32) (bool, error) {
	all := b.People()
	before := len(all)
	for name, p := range all {
		if p.ID == id {
			delete(all, name)
		}
	}
	return len(all) < before, errors.Join(b.SetPeople(all), b.EmitListed(all))
}

func (b *goPhoneBook) Dial(_ context.Context, number phonebook.Number) error {
	return errors.Join(b.SetRecent(append(b.Recent(), number)), b.EmitDialled(number, noon))
}
