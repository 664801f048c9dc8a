package authz

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/go-qtro/qtro/core"
)

// edition is what one load of the files gave. It does not change, but for what it remembers.
type edition struct {
	digest   [32]byte
	rules    []rule // in the order of the files
	index    [len(actions)]rulesFor
	entities cedar.EntityMap // of the file, and the actions

	subjects  *cache[subjectKey, *subject]
	serial    atomic.Uint64 // of the last subject
	decisions *cache[decisionKey, error]
}

// rule is a policy with its name and place.
type rule struct {
	ref    Ref
	policy *cedar.Policy
}

// rulesFor are the rules that may apply to one action.
type rulesFor struct {
	all    []rule                     // whoever asks
	oneFor map[cedar.EntityUID][]rule // for one peer only
}

// decisionKey is what decisions are remembered by.
type decisionKey struct {
	subject               uint64 // its serial
	action                core.Action
	object, class, member string
}

// Bounds of what an edition remembers. Whoever makes up names fills the cache and slows down others, no more.
const (
	subjectLimit  = 1024
	decisionLimit = 16 << 10
	nameLimit     = 256 // bytes of the names in a key; longer ones are decided each time
)

func newEdition(rules []rule, entities cedar.EntityMap, digest [32]byte) *edition {
	e := &edition{
		digest: digest, rules: rules, entities: entities,
		subjects:  newCache[subjectKey, *subject](subjectLimit),
		decisions: newCache[decisionKey, error](decisionLimit),
	}
	for uid, a := range parsedSchema().Actions {
		e.entities[uid] = a.Entity
	}
	for i := range rules {
		for a := core.See; known(a); a++ {
			if e.appliesTo(&rules[i], actions[a]) {
				e.index[a].add(rules[i])
			}
		}
	}
	return e
}

// appliesTo tells whether a rule is for an action, by its head.
func (e *edition) appliesTo(r *rule, action cedar.EntityUID) bool {
	switch s := r.policy.AST().Action.(type) {
	case xast.ScopeTypeEq:
		return s.Entity == action
	case xast.ScopeTypeIn:
		return e.in(action, s.Entity)
	case xast.ScopeTypeInSet:
		return slices.ContainsFunc(s.Entities, func(group cedar.EntityUID) bool { return e.in(action, group) })
	}
	return true
}

// in tells whether an action is in a group. The schema has no cycles.
func (e *edition) in(action, group cedar.EntityUID) bool {
	if action == group {
		return true
	}
	for parent := range e.entities[action].Parents.All() {
		if e.in(parent, group) {
			return true
		}
	}
	return false
}

func (rs *rulesFor) add(r rule) {
	if s, ok := r.policy.AST().Principal.(xast.ScopeTypeEq); ok {
		if rs.oneFor == nil {
			rs.oneFor = map[cedar.EntityUID][]rule{}
		}
		rs.oneFor[s.Entity] = append(rs.oneFor[s.Entity], r)
		return
	}
	rs.all = append(rs.all, r)
}

// candidates are the rules that may apply to a request, for Cedar.
type candidates [2][]rule

// All returns the rules by their ids.
func (c candidates) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, list := range c {
			for i := range list {
				if !yield(cedar.PolicyID(list[i].ref.ID), list[i].policy) {
					return
				}
			}
		}
	}
}

// world is what policies can look up in the course of one request.
type world struct {
	*edition
	peer, object, member *cedar.Entity
}

// Get returns an entity.
func (w world) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	for _, e := range [...]*cedar.Entity{w.peer, w.object, w.member} {
		if e != nil && e.UID == uid {
			return *e, true
		}
	}
	return w.entities.Get(uid)
}

var escapeDots = strings.NewReplacer("%", "%25", ".", "%2E")

// resource describes what the request is about.
func (w *world) resource(r *core.Request) cedar.EntityUID {
	uid := cedar.NewEntityUID(objectType, cedar.String(r.Object))
	attributes := cedar.RecordMap{"object": cedar.String(r.Object), "class": cedar.String(r.Class)}
	w.object = &cedar.Entity{UID: uid, Parents: w.entities[uid].Parents, Attributes: cedar.NewRecord(attributes)}
	if !ofMember(r.Action) {
		return uid
	}
	attributes["member"] = cedar.String(r.Member)
	w.member = &cedar.Entity{
		UID:        cedar.NewEntityUID(memberType, cedar.String(escapeDots.Replace(r.Object)+"."+r.Member)),
		Parents:    cedar.NewEntityUIDSet(uid),
		Attributes: cedar.NewRecord(attributes),
	}
	return w.member.UID
}

// decide asks Cedar.
func (e *edition) decide(s *subject, r *core.Request) Decision {
	if !known(r.Action) {
		return Decision{Errors: []string{fmt.Sprintf("%v is no action", r.Action)}}
	}
	w := world{edition: e, peer: &s.entity}
	rules := &e.index[r.Action]
	relevant := candidates{rules.all, rules.oneFor[s.entity.UID]}
	resource := w.resource(r)
	verdict, why := cedar.Authorize(relevant, w, cedar.Request{Principal: s.entity.UID, Action: actions[r.Action], Resource: resource})
	d := Decision{Allowed: verdict == cedar.Allow}
	for _, reason := range why.Reasons {
		d.Policies = append(d.Policies, relevant.ref(reason.PolicyID))
	}
	slices.SortFunc(d.Policies, func(a, b Ref) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.ID, b.ID))
	})
	for _, bad := range why.Errors {
		d.Errors = append(d.Errors, relevant.ref(bad.PolicyID).String()+": "+bad.Message)
	}
	slices.Sort(d.Errors)
	return d
}

// ref returns the name and place of a rule.
func (c candidates) ref(id cedar.PolicyID) Ref {
	for _, list := range c {
		for i := range list {
			if list[i].ref.ID == string(id) {
				return list[i].ref
			}
		}
	}
	return Ref{ID: string(id)}
}

// authorize decides, or remembers what was decided.
func (e *edition) authorize(r *core.Request) error {
	s, keep := e.subject(r.Peer)
	if keep = keep && len(r.Object)+len(r.Class)+len(r.Member) <= nameLimit; keep {
		if err, ok := e.decisions.get(decisionKey{s.serial, r.Action, r.Object, r.Class, r.Member}); ok {
			return err
		}
	}
	var err error
	if d := e.decide(s, r); !d.Allowed {
		err = &denied{s.String(), r.Action, target(r), d}
	}
	if keep {
		// Copies, so that no longer string of which a name is a part is kept alive.
		e.decisions.put(decisionKey{s.serial, r.Action, strings.Clone(r.Object), strings.Clone(r.Class), strings.Clone(r.Member)}, err)
	}
	return err
}

// denied is the error of a request that is denied.
type denied struct {
	peer   string
	action core.Action
	target string
	why    Decision
}

func (d *denied) Error() string {
	return fmt.Sprintf("%v: %s may not %v %s: %v", core.ErrDenied, d.peer, d.action, d.target, d.why)
}

func (d *denied) Unwrap() error { return core.ErrDenied }

// target names what a request is about.
func target(r *core.Request) string {
	if ofMember(r.Action) {
		return shortened(r.Object) + "." + shortened(r.Member)
	}
	return shortened(r.Object)
}

// shortened is a name that others made, fit for a log.
func shortened(name string) string {
	if len(name) > nameLimit {
		cut := nameLimit
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\ufffd'
		}
		return r
	}, name)
}
