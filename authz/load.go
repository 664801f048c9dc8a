package authz

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// LoadError tells what is wrong with a file.
type LoadError struct {
	File   string
	Line   int // from 1; 0 if it is about the whole file
	Reason string
	err    error
}

func (e *LoadError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// Unwrap returns the error of the file system, if it is one.
func (e *LoadError) Unwrap() error { return e.err }

// loadErrors are the parts of a joined error.
func loadErrors(err error) (all []*LoadError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, loadErrors(e)...)
		}
		return all
	}
	var bad *LoadError
	if errors.As(err, &bad) {
		all = append(all, bad)
	}
	return all
}

// fileError makes a LoadError of an error that has the name of the file in it already.
func fileError(file string, err error) error {
	reason := err
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		reason = path.Err
	}
	return &LoadError{File: file, Reason: reason.Error(), err: err}
}

// entitiesFile is read beside policies.
const entitiesFile = "entities.json"

// file is a file that was read.
type file struct {
	name string
	text []byte
}

// line returns the line that an offset is on, from 1.
func (f *file) line(offset int64) int {
	return 1 + bytes.Count(f.text[:max(0, min(int(offset), len(f.text)))], []byte("\n"))
}

// load reads policies and entities.
func load(paths []string, entitiesPath string) (e *edition, warnings []*LoadError, err error) {
	policies, entityFiles, err := readAll(paths, entitiesPath)
	if err != nil {
		return nil, nil, err
	}
	var errs []error
	digest := sha256.New()
	for _, f := range slices.Concat(policies, entityFiles) {
		fmt.Fprintf(digest, "%q %d\n%s", f.name, len(f.text), f.text)
	}
	var rules []rule
	for _, f := range policies {
		more, err := parsePolicies(f)
		errs = append(errs, err)
		rules = append(rules, more...)
	}
	errs = append(errs, unique(rules)...)
	entities := cedar.EntityMap{}
	for _, f := range entityFiles {
		errs = append(errs, parseEntities(f, entities))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	if len(rules) == 0 {
		warnings = append(warnings, &LoadError{File: strings.Join(paths, ", "), Reason: "there are no policies: everything is denied"})
	}
	warnings = append(warnings, unknownGroups(rules, entities)...)
	return newEdition(rules, entities, [32]byte(digest.Sum(nil))), warnings, nil
}

// readAll reads the files.
func readAll(paths []string, entitiesPath string) (policies, entities []file, err error) {
	var errs []error
	read := func(list *[]file, name string) {
		text, err := os.ReadFile(name)
		if err != nil {
			errs = append(errs, fileError(name, err))
			return
		}
		*list = append(*list, file{name, text})
	}
	for _, path := range paths {
		names, beside, err := policyFiles(path)
		if err != nil {
			errs = append(errs, fileError(path, err))
			continue
		}
		for _, name := range names {
			read(&policies, name)
		}
		if _, err := os.Lstat(beside); err == nil && entitiesPath == "" {
			if !slices.ContainsFunc(entities, func(f file) bool { return f.name == beside }) {
				read(&entities, beside)
			}
		}
	}
	if entitiesPath != "" {
		read(&entities, entitiesPath)
	}
	return policies, entities, errors.Join(errs...)
}

// policyFiles returns the files of policies at a path, sorted, and where the entities would be.
func policyFiles(path string) (names []string, entities string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	if !info.IsDir() {
		return []string{path}, filepath.Join(filepath.Dir(path), entitiesFile), nil
	}
	all, err := os.ReadDir(path)
	if err != nil {
		return nil, "", err
	}
	for _, entry := range all {
		if name := entry.Name(); filepath.Ext(name) == ".cedar" && !strings.HasPrefix(name, ".") {
			names = append(names, filepath.Join(path, name))
		}
	}
	return names, filepath.Join(path, entitiesFile), nil
}

// parsePolicies parses the policies of a file and checks them against the schema.
func parsePolicies(f file) (rules []rule, err error) {
	if !utf8.Valid(f.text) {
		good := 0
		for r, n := utf8.DecodeRune(f.text); r != utf8.RuneError || n > 1; r, n = utf8.DecodeRune(f.text[good:]) {
			good += n
		}
		return nil, &LoadError{File: f.name, Line: f.line(int64(good)), Reason: "invalid UTF-8"}
	}
	list, err := cedar.NewPolicyListFromBytes(f.name, f.text)
	if err != nil {
		return nil, parseError(f.name, err)
	}
	var errs []error
	check := validate.New(parsedSchema())
	last := 0 // line of the policy before
	for _, policy := range list {
		at := policy.Position()
		line := at.Line
		ref := Ref{ID: string(policy.Annotations()["id"]), File: f.name, Line: line}
		if ref.ID == "" {
			ref.ID = ref.place()
			if line == last {
				ref.ID += fmt.Sprintf(":%d", at.Column)
			}
		}
		last = line
		rules = append(rules, rule{ref, policy})
		if err := check.Policy("", (*xast.Policy)(policy.AST())); err != nil {
			reasons := strings.Split(err.Error(), "\n")
			slices.Sort(reasons) // it checks the policy for each action, in any order
			for _, reason := range slices.Compact(reasons) {
				errs = append(errs, &LoadError{File: f.name, Line: line, Reason: reason})
			}
		}
	}
	return rules, errors.Join(errs...)
}

// place is where the parser of Cedar says that an error is.
var place = regexp.MustCompile(`^(?:parser error: )?(?:parse error at )?<input>:(\d+):(\d+):? ?`)

func parseError(name string, err error) error {
	text := err.Error()
	m := place.FindStringSubmatch(text)
	if m == nil {
		return &LoadError{File: name, Reason: text}
	}
	line, _ := strconv.Atoi(m[1]) // the pattern has seen to it
	return &LoadError{File: name, Line: line, Reason: "column " + m[2] + ": " + text[len(m[0]):]}
}

// unique complains about two policies of one id.
func unique(rules []rule) (errs []error) {
	first := map[string]Ref{}
	for _, r := range rules {
		if other, ok := first[r.ref.ID]; ok {
			errs = append(errs, &LoadError{File: r.ref.File, Line: r.ref.Line,
				Reason: fmt.Sprintf("the policy at %s:%d is also called %q", other.File, other.Line, r.ref.ID)})
			continue
		}
		first[r.ref.ID] = r.ref
	}
	return errs
}

// parseEntities adds the entities of a file.
func parseEntities(f file, to cedar.EntityMap) error {
	var list []json.RawMessage
	if err := json.Unmarshal(f.text, &list); err != nil || list == nil {
		bad := &LoadError{File: f.name, Line: 1, Reason: "a list of entities was expected"}
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			bad.Line, bad.Reason = f.line(syntax.Offset), syntax.Error()
		}
		return bad
	}
	d := json.NewDecoder(bytes.NewReader(f.text)) // tells where the entities are
	_, _ = d.Token()
	var errs []error
	for _, raw := range list {
		_ = d.Decode(&raw) // again, and as it went before
		line := f.line(d.InputOffset() - int64(len(raw)))
		var e cedar.Entity
		err := e.UnmarshalJSON(raw)
		if err == nil {
			err = checkEntity(e, to)
		}
		if err != nil {
			errs = append(errs, &LoadError{File: f.name, Line: line, Reason: err.Error()})
			continue
		}
		to[e.UID] = e
	}
	return errors.Join(errs...)
}

// checkEntity checks an entity of a file against the schema. Attributes are not for files: they come from connections.
func checkEntity(e cedar.Entity, others cedar.EntityMap) error {
	shape, ok := parsedSchema().Entities[e.UID.Type]
	if !ok || e.UID.Type == memberType {
		return fmt.Errorf("%s: entities are of the types Peer, Role, Object and Area", e.UID)
	}
	if _, ok := others[e.UID]; ok {
		return fmt.Errorf("%s is there twice", e.UID)
	}
	if e.Attributes.Len()+e.Tags.Len() > 0 {
		return fmt.Errorf("%s must not have attributes or tags: they come from the connection", e.UID)
	}
	for parent := range e.Parents.All() {
		if !slices.Contains(shape.ParentTypes, parent.Type) {
			return fmt.Errorf("%s cannot be in %s: its parents are of the type %s", e.UID, parent, shape.ParentTypes[0])
		}
	}
	return nil
}

// unknownGroups tells of roles and areas that policies speak of and that have nobody in them, which may be misspelt.
func unknownGroups(rules []rule, entities cedar.EntityMap) (warnings []*LoadError) {
	have := map[cedar.EntityUID]bool{}
	for uid, e := range entities {
		have[uid] = true
		for parent := range e.Parents.All() {
			have[parent] = true
		}
	}
	for _, r := range rules {
		missing := map[cedar.EntityUID]bool{}
		for _, uid := range mentioned(r.policy) {
			if (uid.Type == roleType || uid.Type == areaType) && !have[uid] {
				missing[uid] = true
			}
		}
		names := slices.SortedFunc(maps.Keys(missing), func(a, b cedar.EntityUID) int { return cmp.Compare(a.String(), b.String()) })
		for _, uid := range names {
			reason := fmt.Sprintf("nothing is in %s, by the entities that were loaded", uid)
			warnings = append(warnings, &LoadError{File: r.ref.File, Line: r.ref.Line, Reason: reason})
		}
	}
	return warnings
}

// mentioned are the entities that a policy names.
func mentioned(p *cedar.Policy) (uids []cedar.EntityUID) {
	a := p.AST()
	for _, scope := range []any{a.Principal, a.Resource} {
		switch s := scope.(type) {
		case xast.ScopeTypeEq:
			uids = append(uids, s.Entity)
		case xast.ScopeTypeIn:
			uids = append(uids, s.Entity)
		case xast.ScopeTypeIsIn:
			uids = append(uids, s.Entity)
		}
	}
	for _, c := range a.Conditions {
		xast.Inspect(xast.NewNode(c.Body), func(n xast.IsNode) bool {
			if v, ok := n.(xast.NodeValue); ok {
				if uid, ok := v.Value.(cedar.EntityUID); ok {
					uids = append(uids, uid)
				}
			}
			return true
		})
	}
	return uids
}
