package authz_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/authz"
)

// TestBadPolicies has policies that are not loaded, with the errors that say why.
func TestBadPolicies(t *testing.T) {
	for _, test := range []struct{ policy, want string }{
		{"permit(principal,\n action, resource) when { 1 + };", `2: column 32: ";": invalid primary`},
		{"permit(principal,\n action, resource", `2: column 18: "": exact got  want )`},
		{"\n\npermit(principal, action, resource == Object::\"Boiler);", "3: column 47: literal not terminated"},
		{"// ä\ufffd\n\n  \xff", "3: invalid UTF-8"},
		{`permit(principal == ?principal, action, resource);`, `1: column 22: "principal": expected ident`},
		{`permit(principal, action == Action::"sea", resource);`, "1: unable to find an applicable action given the policy scope constraints\nFILE:1: unrecognized action `Action::\"sea\"`"},
		{"\n@id(\"x\")\npermit(principal, action, resource) when { action == Action::\"sea\" };", "2: unrecognized action `Action::\"sea\"`"},
		{`permit(principal == User::"ada", action, resource);`, "1: unable to find an applicable action given the policy scope constraints\nFILE:1: unrecognized entity type `User`"},
		{`permit(principal, action, resource) when { principal.security == 4 };`, "1: the types Long and String are not compatible"},
		{`permit(principal, action, resource) when { principal in Group::"x" };`, "1: unrecognized entity type `Group`"},
		{`permit(principal, action, resource) when { principal.name == "x" };`, "1: attribute `name` on entity type `Peer` not found"},
		{`permit(principal, action, resource) when { resource.member == "x" };`, "1: attribute `member` on entity type `Object` not found"},
		{`permit(principal, action, resource) when { principal.uid == 0 };`, "1: unable to guarantee safety of access to optional attribute `uid` on entity type `Peer`"},
		{`permit(principal, action, resource) when { context.hour > 8 };`, "1: attribute `hour` in context for Action::"},
		{`permit(principal, action == Action::"see", resource is Member);`, "1: unable to find an applicable action given the policy scope constraints"},
		{`permit(principal, action == Action::"call", resource == Object::"Boiler");`, "1: unable to find an applicable action given the policy scope constraints"},
		{"@id(\"a\")\npermit(principal, action, resource);\n@id(\"a\")\nforbid(principal, action, resource);", `3: the policy at FILE:1 is also called "a"`},
	} {
		name := filepath.Join(t.TempDir(), "bad.cedar")
		write(t, name, test.policy)
		_, err := authz.Open(authz.Config{Static: true}, name)
		var bad *authz.LoadError
		if !assert.ErrorAs(t, err, &bad, test.policy) {
			continue
		}
		assert.Equal(t, name, bad.File)
		text := strings.TrimPrefix(strings.ReplaceAll(err.Error(), name, "FILE"), "FILE:")
		assert.True(t, strings.HasPrefix(text, test.want), "%s\n%s", test.policy, text)
	}
}

func TestBadEntities(t *testing.T) {
	const peer = `{"uid": {"type": "Peer", "id": "a"}, "attrs": {}, "parents": []}`
	for _, test := range []struct{ entities, want string }{
		{``, "1: unexpected end of JSON input"},
		{`null`, "1: a list of entities was expected"},
		{`{}`, "1: a list of entities was expected"},
		{"[\n" + peer + ",\n" + peer + "\n]", `3: Peer::"a" is there twice`},
		{"[\n\n{]", "3: invalid character"},
		{"[\n" + peer, "2: "},
		{"[\n{\"uid\": 4}]", "2: "},
		{`[{"uid": {"type": "User", "id": "a"}, "attrs": {}, "parents": []}]`, `1: User::"a": entities are of the types Peer, Role, Object and Area`},
		{`[{"uid": {"type": "Member", "id": "a.b"}, "attrs": {}, "parents": []}]`, `1: Member::"a.b": entities are of the types Peer, Role, Object and Area`},
		{`[{"uid": {"type": "Peer", "id": "a"}, "attrs": {"uid": 0}, "parents": []}]`, `1: Peer::"a" must not have attributes or tags`},
		{`[{"uid": {"type": "Peer", "id": "a"}, "attrs": {}, "parents": [{"type": "Area", "id": "x"}]}]`, `1: Peer::"a" cannot be in Area::"x": its parents are of the type Role`},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a.cedar"), "")
		write(t, filepath.Join(dir, "entities.json"), test.entities)
		_, err := authz.Open(authz.Config{Static: true, Logger: make(logs, 9).logger()}, dir)
		if assert.Error(t, err, test.entities) {
			text := strings.TrimPrefix(err.Error(), filepath.Join(dir, "entities.json")+":")
			assert.True(t, strings.HasPrefix(text, test.want), "%s\n%s", test.entities, text)
		}
	}
}

// TestManyErrors has errors in two files, which are all told.
func TestManyErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.cedar"), "permit(principal, action, resource)")
	write(t, filepath.Join(dir, "b.cedar"), "permit(principal is User, action, resource);\npermit(principal, action == Action::\"x\", resource);")
	write(t, filepath.Join(dir, "c.txt"), "no policy")
	write(t, filepath.Join(dir, ".d.cedar"), "no policy")
	_, err := authz.Open(authz.Config{}, dir)
	require.Error(t, err)
	require.Contains(t, err.Error(), "a.cedar:1: ")
	require.Contains(t, err.Error(), "b.cedar:1: unrecognized entity type `User`")
	require.Contains(t, err.Error(), "b.cedar:2: unrecognized action")
	require.NotContains(t, err.Error(), "no policy")
}

func TestPaths(t *testing.T) {
	_, err := authz.Open(authz.Config{})
	require.Error(t, err)
	missing := filepath.Join(t.TempDir(), "missing")
	_, err = authz.Open(authz.Config{}, missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, missing+": no such file or directory")
	_, err = authz.Open(authz.Config{Entities: missing}, filepath.Join("testdata", "plant"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	// Two paths, and entities from elsewhere in place of those beside the policies.
	dir := t.TempDir()
	write(t, filepath.Join(dir, "more.cedar"), `permit(principal in Role::"maintenance", action == Action::"register", resource);`)
	write(t, filepath.Join(dir, "who.json"), `[{"uid": {"type": "Peer", "id": "uid:1000"}, "attrs": {}, "parents": [{"type": "Role", "id": "maintenance"}]}]`)
	p, err := authz.Open(authz.Config{Static: true, Entities: filepath.Join(dir, "who.json"), Logger: make(logs, 9).logger()},
		filepath.Join("testdata", "plant", "plant.cedar"), dir)
	require.NoError(t, err)
	defer p.Close()
	decides(t, p, true, request(local, "register Boiler"))
	decides(t, p, true, request(boiler, "register Boiler"))
	decides(t, p, false, request(ada, "register Boiler"))
	decides(t, p, false, request(ada, "see Boiler"))
}

// TestGroups has roles and areas in others, also in a circle.
func TestGroups(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.cedar"), `permit(principal in Role::"staff", action, resource in Area::"site");
permit(principal, action, resource in Area::"nowhere") when { principal in Role::"noone" };`)
	write(t, filepath.Join(dir, "entities.json"), `[
		{"uid": {"type": "Peer", "id": "spiffe://plant/ada"}, "attrs": {}, "parents": [{"type": "Role", "id": "shift"}]},
		{"uid": {"type": "Peer", "id": ""}, "attrs": {}, "parents": [{"type": "Role", "id": "visitors"}]},
		{"uid": {"type": "Role", "id": "shift"}, "attrs": {}, "parents": [{"type": "Role", "id": "staff"}]},
		{"uid": {"type": "Role", "id": "staff"}, "attrs": {}, "parents": [{"type": "Role", "id": "shift"}]},
		{"uid": {"type": "Object", "id": "Boiler"}, "attrs": {}, "parents": [{"type": "Area", "id": "hall"}]},
		{"uid": {"type": "Area", "id": "hall"}, "attrs": {}, "parents": [{"type": "Area", "id": "site"}]}]`)
	told := make(logs, 9)
	p, err := authz.Open(authz.Config{Static: true, Logger: told.logger()}, dir)
	require.NoError(t, err)
	defer p.Close()
	decides(t, p, true, request(ada, "see Boiler"))
	decides(t, p, true, request(ada, "call Boiler.reset"))
	decides(t, p, false, request(ada, "see Pump"))
	decides(t, p, false, request(panel, "see Boiler"))
	decides(t, p, false, request(stranger, "see Boiler"))
	file := filepath.Join(dir, "a.cedar")
	require.Equal(t, `WARN authz: nothing is in Area::"nowhere", by the entities that were loaded file=`+file+" line=2", next(t, told))
	require.Equal(t, `WARN authz: nothing is in Role::"noone", by the entities that were loaded file=`+file+" line=2", next(t, told))
	none(t, told)
}

// watched is a set of policies with what it tells.
type watched struct {
	*authz.Policies
	log     logs
	changed chan struct{}
}

func watch(t *testing.T, path string) watched {
	w := watched{log: make(logs, 100), changed: make(chan struct{}, 100)}
	var err error
	w.Policies, err = authz.Open(authz.Config{Logger: w.log.logger()}, path)
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	w.OnChange(func() { w.changed <- struct{}{} })
	return w
}

const (
	nothing    = `forbid(principal, action, resource);`
	everything = `permit(principal, action, resource);`
)

// TestWatch changes files in the ways in which files are changed.
func TestWatch(t *testing.T) {
	link := func(t *testing.T, target, name string) {
		require.NoError(t, os.Symlink(target, name+".new"))
		require.NoError(t, os.Rename(name+".new", name))
	}
	for _, test := range []struct {
		name   string
		setUp  func(t *testing.T, dir string) (path string)
		change func(t *testing.T, dir string)
	}{
		{"written in place",
			func(t *testing.T, dir string) string { write(t, dir+"/a.cedar", nothing); return dir + "/a.cedar" },
			func(t *testing.T, dir string) { write(t, dir+"/a.cedar", everything) }},
		{"replaced",
			func(t *testing.T, dir string) string { write(t, dir+"/a.cedar", nothing); return dir + "/a.cedar" },
			func(t *testing.T, dir string) { replace(t, dir+"/a.cedar", everything) }},
		{"in a directory",
			func(t *testing.T, dir string) string { write(t, dir+"/a.cedar", nothing); return dir },
			func(t *testing.T, dir string) { replace(t, dir+"/a.cedar", everything) }},
		{"a file more",
			func(t *testing.T, dir string) string { return dir },
			func(t *testing.T, dir string) { write(t, dir+"/b.cedar", everything) }},
		{"a file less",
			func(t *testing.T, dir string) string {
				write(t, dir+"/a.cedar", everything)
				write(t, dir+"/b.cedar", nothing)
				return dir
			},
			func(t *testing.T, dir string) { require.NoError(t, os.Remove(dir+"/b.cedar")) }},
		{"entities",
			func(t *testing.T, dir string) string {
				write(t, dir+"/a.cedar", `permit(principal in Role::"r", action, resource);`)
				return dir + "/a.cedar"
			},
			func(t *testing.T, dir string) {
				write(t, dir+"/entities.json", `[{"uid": {"type": "Peer", "id": "spiffe://plant/panel"}, "attrs": {}, "parents": [{"type": "Role", "id": "r"}]}]`)
			}},
		{"another directory in its place",
			func(t *testing.T, dir string) string {
				require.NoError(t, os.MkdirAll(dir+"/p", 0o700))
				write(t, dir+"/p/a.cedar", nothing)
				return dir + "/p"
			},
			func(t *testing.T, dir string) {
				require.NoError(t, os.MkdirAll(dir+"/new", 0o700))
				write(t, dir+"/new/a.cedar", everything)
				require.NoError(t, os.Rename(dir+"/p", dir+"/old"))
				require.NoError(t, os.Rename(dir+"/new", dir+"/p"))
			}},
		{"another directory in its place, the old one removed",
			func(t *testing.T, dir string) string {
				require.NoError(t, os.MkdirAll(dir+"/p", 0o700))
				write(t, dir+"/p/a.cedar", nothing)
				return dir + "/p"
			},
			func(t *testing.T, dir string) {
				for i := range 50 { // the watcher is told of directories that are no longer there
					new := fmt.Sprintf("%s/%d", dir, i)
					require.NoError(t, os.MkdirAll(new, 0o700))
					write(t, new+"/a.cedar", everything)
					require.NoError(t, os.Rename(dir+"/p", dir+"/old"))
					require.NoError(t, os.Rename(new, dir+"/p"))
					require.NoError(t, os.RemoveAll(dir+"/old"))
				}
			}},
		{"a link to a file",
			func(t *testing.T, dir string) string {
				write(t, dir+"/1", nothing)
				write(t, dir+"/2", everything)
				link(t, "1", dir+"/a.cedar")
				return dir + "/a.cedar"
			},
			func(t *testing.T, dir string) { link(t, "2", dir+"/a.cedar") }},
		{"the file a link leads to",
			func(t *testing.T, dir string) string {
				require.NoError(t, os.MkdirAll(dir+"/far/away", 0o700))
				write(t, dir+"/far/away/1", nothing)
				link(t, "far/away/1", dir+"/a.cedar")
				return dir
			},
			func(t *testing.T, dir string) { replace(t, dir+"/far/away/1", everything) }},
		{"as Kubernetes does",
			func(t *testing.T, dir string) string {
				require.NoError(t, os.MkdirAll(dir+"/mount/..1", 0o700))
				write(t, dir+"/mount/..1/a.cedar", nothing)
				link(t, "..1", dir+"/mount/..data")
				link(t, "..data/a.cedar", dir+"/mount/a.cedar")
				return dir + "/mount/a.cedar"
			},
			func(t *testing.T, dir string) {
				require.NoError(t, os.MkdirAll(dir+"/mount/..2", 0o700))
				write(t, dir+"/mount/..2/a.cedar", everything)
				link(t, "..2", dir+"/mount/..data")
				require.NoError(t, os.RemoveAll(dir+"/mount/..1"))
			}},
		{"a link to a directory on the way",
			func(t *testing.T, dir string) string {
				for name, text := range map[string]string{"1": nothing, "2": everything} {
					require.NoError(t, os.MkdirAll(dir+"/"+name+"/p", 0o700))
					write(t, dir+"/"+name+"/p/a.cedar", text)
				}
				link(t, dir+"/1", dir+"/current")
				return dir + "/current/p"
			},
			func(t *testing.T, dir string) { link(t, dir+"/2", dir+"/current") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			w := watch(t, test.setUp(t, dir))
			decides(t, w.Policies, false, request(panel, "see Boiler"))
			test.change(t, dir)
			for w.Authorize(request(panel, "see Boiler")) != nil {
				next(t, w.changed)
			}
			decides(t, w.Policies, true, request(panel, "see Boiler"))
		})
	}
}

// TestBroken breaks a file and mends it.
func TestBroken(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.cedar")
	write(t, name, everything)
	w := watch(t, name)

	replace(t, name, "\npermit(principal, action, resourc);\n")
	require.Equal(t, `ERROR authz: the policies have errors and stay as they were file=`+name+` line=2 reason=column 34: ")": exact got resourc want resource`, next(t, w.log))
	decides(t, w.Policies, true, request(panel, "see Boiler"))
	require.Error(t, w.Reload())
	none(t, w.log) // the same is not told twice
	none(t, w.changed)

	require.NoError(t, os.Remove(name))
	require.Equal(t, `ERROR authz: the policies have errors and stay as they were file=`+name+` line=0 reason=no such file or directory`, next(t, w.log))
	require.ErrorIs(t, w.Reload(), fs.ErrNotExist)
	decides(t, w.Policies, true, request(panel, "see Boiler"))

	write(t, name, nothing)
	next(t, w.changed)
	require.Equal(t, "INFO authz: the policies have no errors any more", next(t, w.log))
	require.Equal(t, "INFO authz: policies loaded again policies=1", next(t, w.log))
	decides(t, w.Policies, false, request(panel, "see Boiler"))
}

// TestUnchanged reads files that are as they were.
func TestUnchanged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.cedar")
	write(t, name, everything)
	w := watch(t, name)
	write(t, name, everything)
	require.NoError(t, w.Reload())
	write(t, name, nothing)
	next(t, w.changed)
	require.Equal(t, "INFO authz: policies loaded again policies=1", next(t, w.log))
	none(t, w.changed)
	none(t, w.log)
}

func TestListeners(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.cedar")
	write(t, name, everything)
	p, err := authz.Open(authz.Config{Static: true, Logger: make(logs, 100).logger()}, name)
	require.NoError(t, err)
	var calls []string
	var cancelB func()
	p.OnChange(func() {
		calls = append(calls, "a")
		cancelB()
	})
	cancelB = p.OnChange(func() { calls = append(calls, "b") })
	p.OnChange(func() { calls = append(calls, "c") })
	write(t, name, nothing)
	require.NoError(t, p.Reload())
	write(t, name, everything)
	require.NoError(t, p.Reload())
	cancelB()
	require.Equal(t, []string{"a", "b", "c", "a", "c"}, calls)

	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	decides(t, p, true, request(panel, "see Boiler"))
}
