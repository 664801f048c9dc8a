package rep

import (
	"strconv"
	"strings"
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// Words of C++, and macros that QtCore defines.
var reserved = wordSet(`alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const
constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit export extern false float for
friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
register reinterpret_cast return short signed sizeof static static_assert static_cast struct switch template this throw true
try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq char16_t char32_t
signals slots emit foreach forever`)

// Members of QObject that a replica or a source has, too.
var objectMembers = wordSet(`objectName setObjectName objectNameChanged parent setParent children thread moveToThread
metaObject qt_metacall qt_metacast staticMetaObject event eventFilter timerEvent childEvent customEvent connectNotify disconnectNotify
property setProperty dynamicPropertyNames connect disconnect destroyed deleteLater inherits isWidgetType isWindowType
blockSignals signalsBlocked startTimer killTimer findChild findChildren installEventFilter removeEventFilter sender
senderSignalIndex receivers isSignalConnected dumpObjectInfo dumpObjectTree tr d_ptr`)

// Members of QRemoteObjectReplica that a replica has, too.
var replicaMembers = wordSet(`state stateChanged node setNode isInitialized isReplicaValid waitForSource initialized notified
initialize initializeNode send sendWithReply setProperties setChild propAsVariant persistProperties retrieveProperties
registerMetatypes d_impl`)

// identifier finds names that are taken: by C++, and of members also by the classes that generated code is derived from.
func (l *linter) identifier(pos Pos, name, what string, member bool) {
	switch {
	case reserved[name]:
		l.add(pos, "name", "the "+what+" "+name+" is a word of C++ or a macro of Qt", "rename it")
	case member && objectMembers[name]:
		l.add(pos, "name", "the "+what+" "+name+" hides a member of QObject", "rename it")
	case member && replicaMembers[name]:
		l.add(pos, "name", "the "+what+" "+name+" hides a member of QRemoteObjectReplica", "rename it")
	}
}

// enumNumber reads a value of an enum, in the notations that repc knows.
func enumNumber(s string) (n int64, ok bool) {
	base := 10
	if len(s) > 2 && (s[1] == 'x' || s[1] == 'X') {
		s, base = s[2:], 16
	}
	n, err := strconv.ParseInt(s, base, 64)
	return n, err == nil
}
