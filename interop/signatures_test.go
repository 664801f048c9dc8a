package interop_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/rep"
)

// outcome is what becomes of a replica whose .rep file differs from its source's.
type outcome string

const (
	valid    outcome = "valid"
	mismatch outcome = "mismatch"
	refused  outcome = "refused" // by that version's repc
	absent   outcome = "absent"  // that version's file has no such thing
)

// variant is a change of one of the peers' .rep files. Nothing is derived from it here: want5 and want6 are written by hand, and
// compared with repc, with this module's signatures, and with what Qt and Go do.
type variant struct {
	of           string // the class of the replica
	name         string
	edit         func(text string) string
	want5, want6 outcome
}

func (v variant) want(major int) outcome {
	if major == 5 {
		return v.want5
	}
	return v.want6
}

// sub replaces all of a text, which may be an expression with groups, by another.
func sub(old, by string) func(string) string {
	re := regexp.MustCompile(old)
	return func(text string) string { return re.ReplaceAllString(text, by) }
}

// lit replaces a text wherever it is.
func lit(old, by string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, by) }
}

// without drops the line that begins with a text.
func without(begin string) func(string) string {
	return sub(`(?m)^ *`+regexp.QuoteMeta(begin)+".*\n", "")
}

// behind moves the line that begins with one thing behind the one that begins with another.
func behind(moved, at string) func(string) string {
	return sub(`(?ms)^( *`+regexp.QuoteMeta(moved)+`[^\n]*\n)(.*?^ *`+regexp.QuoteMeta(at)+`[^\n]*\n)`, "$2$1")
}

// repFiles says in which file a class is.
var repFiles = map[string]string{"Station": "station", "Gauge": "station", "Types": "types", "Brewery": "brewery", "Filter": "brewery"}

var variants = []variant{
	// What does not count.
	{"Station", "nothing", func(s string) string { return s + "\n" }, valid, valid},
	{"Station", "default value changed", lit("level = -42", "level = 17"), valid, valid},
	{"Station", "default value removed", lit(` = "Acme"`, ""), valid, valid},
	{"Station", "default value added", lit("PROP(QString title", `PROP(QString title = "x"`), valid, valid},
	{"Station", "comments", lit("    PROP(", "    // it is so\n    PROP("), valid, valid},
	{"Station", "comments behind", sub(`(?m)(PROP\(.*\))$`, "$1 // it is so"), valid, valid},
	{"Station", "block comment", lit("class Station\n", "/* a\n * station */\nclass Station\n"), refused, valid},
	{"Station", "blanks", sub(`(?m)^    `, "\t  "), valid, valid},
	{"Station", "blanks behind commas", lit("(int a, int b)", "(int a,int   b)"), valid, valid},
	{"Station", "blank lines", lit("    SLOT(", "\n    SLOT("), valid, valid},
	{"Station", "CRLF", lit("\n", "\r\n"), valid, valid},
	{"Station", "semicolons", sub(`(?m)^(    (?:SLOT|SIGNAL)\(.*\))$`, "$1;"), valid, valid},
	{"Station", "brace on the class's line", lit("class Station\n{", "class Station {"), valid, valid},
	{"Station", "formatted", formatted, valid, valid},
	{"Station", "PERSISTED removed", lit(", PERSISTED", ""), valid, valid},
	{"Station", "PERSISTED added", lit("title READWRITE", "title READWRITE, PERSISTED"), valid, valid},
	{"Station", "PERSISTED first", lit("READWRITE, PERSISTED", "PERSISTED, READWRITE"), valid, valid},
	{"Station", "READPUSH not said", lit("4000000000 READPUSH", "4000000000"), valid, valid},
	{"Station", "include added", lit("#include <QtCore>\n", "#include <QtCore>\n#include <QtNetwork>\n"), valid, valid},
	{"Station", "include removed", lit("#include <QtCore>\n", ""), valid, valid},
	{"Station", "USE_ENUM added", lit("#include <QtCore>\n", "#include <QtCore>\nUSE_ENUM(Qt::Orientation)\n"), valid, valid},
	{"Station", "unused POD added", lit("class Gauge", "POD Other(int id)\n\nclass Gauge"), valid, valid},
	{"Station", "unused POD changed", lit("Spare(int id, QString label)", "Spare(QString label)"), valid, valid},
	{"Station", "unused POD removed", without("POD Spare"), valid, valid},
	{"Station", "unused enum added", lit("class Gauge", "ENUM Other { One, Two }\n\nclass Gauge"), valid, valid},
	{"Station", "unused class enum added", lit("    ENUM Mode", "    ENUM Other { One, Two };\n    ENUM Mode"), valid, valid},
	{"Station", "unused class added", lit("class Gauge", "class Other\n{\n    PROP(int x)\n};\n\nclass Gauge"), valid, valid},
	{"Station", "class added behind", func(s string) string { return s + "\nclass Other\n{\n    PROP(Reading x)\n};\n" }, valid, valid},
	{"Station", "enum behind what uses it", behind("ENUM Mode", "SLOT(Mode cycle"), valid, valid},
	{"Station", "enum with all its values", lit("Winter = 0, Spring, Summer = 5, Autumn", "Winter = 0, Spring = 1, Summer = 5, Autumn = 6"), valid, valid},
	{"Station", "enum with hexadecimal values", lit("Summer = 5", "Summer = 0x5"), valid, valid},
	{"Station", "enum over several lines", lit("{ Winter = 0, Spring,", "{\n    Winter = 0,\n    Spring,"), valid, valid},
	{"Station", "signal behind the slots", behind("SIGNAL(batch", "SLOT(void swapGauge"), valid, valid},
	{"Station", "slots before the signals", slotsFirst, valid, valid},
	{"Station", "signal before the properties", sub(`(?ms)(^    PROP\(bool online.*)(^    SIGNAL\(started[^\n]*\n)`, "$2$1"), valid, valid},
	{"Station", "void not said", lit("SLOT(void restart", "SLOT(restart"), valid, valid},
	{"Station", "enum named with its class", lit("PROP(Mode mode", "PROP(Station::Mode mode"), valid, valid},
	{"Station", "enum named without its scope", lit("PROP(SeasonEnum::Season", "PROP(Season"), valid, valid},
	{"Station", "reference mark at the type", lit("const QString &text", "const QString& text"), valid, valid},
	{"Station", "POD with blanks", lit("Reading(qint64 stamp, double value", "Reading( qint64   stamp,double value"), valid, valid},
	{"Station", "POD in braces", lit("POD Spare(int id, QString label)", "POD Spare { int id, QString label }"), refused, valid},
	{"Station", "used POD in braces", lit("POD Reading(qint64 stamp, double value, QString unit, bool valid)",
		"POD Reading { qint64 stamp, double value, QString unit, bool valid }"), refused, valid},
	{"Station", "flags of the enum that nobody uses", lit("    FLAG(", "    FLAG(Others Alarm)\n    FLAG("), absent, valid},
	{"Station", "roles reordered", lit("rows(display, celsius)", "rows(celsius, display)"), valid, valid},

	// Where one version counts what the other does not.
	{"Station", "SOURCEONLYSETTER is READONLY", lit("SOURCEONLYSETTER", "READONLY"), mismatch, valid},
	{"Station", "READONLY is SOURCEONLYSETTER", lit("bigSigned READONLY", "bigSigned SOURCEONLYSETTER"), mismatch, valid},
	{"Station", "blank in a template", lit("PROP(QMap<QString,int> totals", "PROP(QMap<QString, int> totals"), mismatch, valid},
	{"Station", "role added", lit("rows(display, celsius)", "rows(display, celsius, kelvin)"), valid, mismatch},
	{"Station", "role renamed", lit("celsius", "kelvin"), valid, mismatch},
	{"Station", "role removed", lit("(display, celsius)", "(display)"), valid, mismatch},
	{"Station", "classes in another order", gaugeLast, valid, mismatch},
	{"Station", "POD behind the class that uses it", podLast, valid, mismatch},
	{"Station", "child's property renamed", lit("pressure", "force"), valid, mismatch},
	{"Station", "child's property of another type", lit("double pressure", "float pressure"), valid, mismatch},
	{"Station", "child's property with another modifier", lit(`"gauge" READWRITE`, `"gauge" READONLY`), valid, mismatch},
	{"Station", "child's signal renamed", lit("tripped", "snapped"), valid, mismatch},
	{"Station", "child's slot with another parameter", lit("calibrate(double offset)", "calibrate(float offset)"), valid, mismatch},
	{"Station", "child's slot renamed", lit("calibrate", "adjust"), valid, mismatch},

	// Properties.
	{"Station", "property renamed", lit("PROP(int level", "PROP(int height"), mismatch, mismatch},
	{"Station", "property with another case", lit("wakeUp", "wakeup"), mismatch, mismatch},
	{"Station", "property added", lit("    CLASS gauge", "    PROP(int added)\n    CLASS gauge"), mismatch, mismatch},
	{"Station", "property removed", without("PROP(QByteArray blob"), mismatch, mismatch},
	{"Station", "properties reordered", behind("PROP(QDate day", "PROP(QTime wakeUp"), mismatch, mismatch},
	{"Station", "property of another type", lit("PROP(double precise", "PROP(float precise"), mismatch, mismatch},
	{"Station", "int is uint", lit("PROP(int level = -42", "PROP(uint level"), mismatch, mismatch},
	{"Station", "int is qint32", lit("PROP(int level", "PROP(qint32 level"), mismatch, mismatch},
	{"Station", "qint64 is qlonglong", lit("PROP(qint64 bigSigned", "PROP(qlonglong bigSigned"), mismatch, mismatch},
	{"Station", "QStringList is QList<QString>", lit("PROP(QStringList tags", "PROP(QList<QString> tags"), mismatch, mismatch},
	{"Station", "QVariantMap is QMap<QString,QVariant>", lit("PROP(QVariantMap attrs", "PROP(QMap<QString,QVariant> attrs"), mismatch, mismatch},
	{"Station", "QList is QVector", lit("PROP(QList<int> counts", "PROP(QVector<int> counts"), mismatch, mismatch},
	{"Station", "element of another type", lit("PROP(QList<int> counts", "PROP(QList<uint> counts"), mismatch, mismatch},
	{"Station", "READWRITE is READONLY", lit("ratio = 0.5 READWRITE", "ratio = 0.5 READONLY"), mismatch, mismatch},
	{"Station", "READWRITE is READPUSH", lit("ratio = 0.5 READWRITE", "ratio = 0.5 READPUSH"), mismatch, mismatch},
	{"Station", "READWRITE is CONSTANT", lit("ratio = 0.5 READWRITE", "ratio = 0.5 CONSTANT"), mismatch, mismatch},
	{"Station", "READWRITE is SOURCEONLYSETTER", lit("ratio = 0.5 READWRITE", "ratio = 0.5 SOURCEONLYSETTER"), mismatch, mismatch},
	{"Station", "READPUSH is READONLY", lit("PROP(bool online = true)", "PROP(bool online = true READONLY)"), mismatch, mismatch},
	{"Station", "READPUSH is READWRITE", lit("4000000000 READPUSH", "4000000000 READWRITE"), mismatch, mismatch},
	{"Station", "READONLY is CONSTANT", lit("bigSigned READONLY", "bigSigned CONSTANT"), mismatch, mismatch},
	{"Station", "CONSTANT is READONLY", lit(`"Acme" CONSTANT`, `"Acme" READONLY`), mismatch, mismatch},
	{"Station", "CONSTANT is SOURCEONLYSETTER", lit(`"Acme" CONSTANT`, `"Acme" SOURCEONLYSETTER`), mismatch, mismatch},

	// Signals and slots.
	{"Station", "signal added", lit("    SIGNAL(started())", "    SIGNAL(started())\n    SIGNAL(stopped())"), mismatch, mismatch},
	{"Station", "signal removed", without("SIGNAL(started"), mismatch, mismatch},
	{"Station", "signal renamed", lit("SIGNAL(started", "SIGNAL(begun"), mismatch, mismatch},
	{"Station", "signals reordered", behind("SIGNAL(started", "SIGNAL(levelCrossed"), mismatch, mismatch},
	{"Station", "signal's parameter of another type", lit("levelCrossed(int", "levelCrossed(uint"), mismatch, mismatch},
	{"Station", "signal's parameter added", lit("levelCrossed(int level", "levelCrossed(int level, int other"), mismatch, mismatch},
	{"Station", "signal's parameter removed", lit("levelCrossed(int level", "levelCrossed("), mismatch, mismatch},
	{"Station", "signal's parameter renamed", lit("levelCrossed(int level", "levelCrossed(int height"), mismatch, mismatch},
	{"Station", "signal's parameter without a name", lit("levelCrossed(int level", "levelCrossed(int"), mismatch, mismatch},
	{"Station", "signal's parameters reordered", lit("const Reading &reading, const QString &by", "const QString &by, const Reading &reading"), mismatch, mismatch},
	{"Station", "signal's parameter by value", lit("observed(const Reading &reading", "observed(Reading reading"), mismatch, mismatch},
	{"Station", "signal's parameter not const", lit("observed(const Reading &reading", "observed(Reading &reading"), mismatch, mismatch},
	{"Station", "signal's parameter const", lit("levelCrossed(int", "levelCrossed(const int"), mismatch, mismatch},
	{"Station", "slot added", lit("    SLOT(void restart())", "    SLOT(void restart())\n    SLOT(void halt())"), mismatch, mismatch},
	{"Station", "slot removed", without("SLOT(void restart"), mismatch, mismatch},
	{"Station", "slot renamed", lit("restart", "reset"), mismatch, mismatch},
	{"Station", "slots reordered", behind("SLOT(void restart", "SLOT(void note"), mismatch, mismatch},
	{"Station", "slot returns another type", lit("SLOT(int add", "SLOT(qint64 add"), mismatch, mismatch},
	{"Station", "slot returns nothing", lit("SLOT(int add", "SLOT(void add"), mismatch, mismatch},
	{"Station", "slot returns something", lit("SLOT(void restart", "SLOT(bool restart"), mismatch, mismatch},
	{"Station", "slot's parameter of another type", lit("add(int a", "add(double a"), mismatch, mismatch},
	{"Station", "slot's parameter added", lit("add(int a, int b", "add(int a, int b, int c"), mismatch, mismatch},
	{"Station", "slot's parameter removed", lit("add(int a, int b", "add(int a"), mismatch, mismatch},
	{"Station", "slot's parameter renamed", lit("add(int a, int b", "add(int a, int c"), mismatch, mismatch},
	{"Station", "slot's parameters reordered", lit("(const QString &text, int priority)", "(int priority, const QString &text)"), mismatch, mismatch},
	{"Station", "slot's parameter by value", lit("describe(const QString &prefix", "describe(QString prefix"), mismatch, mismatch},
	{"Station", "slot's parameter by reference", lit("describe(const QString &prefix", "describe(QString &prefix"), mismatch, mismatch},

	// Enums and flags.
	{"Station", "class enum renamed", sub(`\bMode\b`, "Manner"), mismatch, mismatch},
	{"Station", "class enum's key renamed", lit("Idle", "Lazy"), mismatch, mismatch},
	{"Station", "class enum's value changed", lit("Sampling = 3", "Sampling = 4"), mismatch, mismatch},
	{"Station", "class enum's key added", lit("Fault = -1", "Fault = -1, Off = 9"), mismatch, mismatch},
	{"Station", "class enum's key removed", lit(", Fault = -1", ""), mismatch, mismatch},
	{"Station", "class enum's keys reordered", lit("Sampling = 3, Fault = -1", "Fault = -1, Sampling = 3"), mismatch, mismatch},
	{"Station", "class enum scoped", lit("ENUM Mode", "ENUM class Mode"), refused, mismatch},
	{"Station", "class enum with a base type", lit("ENUM Mode", "ENUM Mode : qint8"), refused, mismatch},
	{"Station", "enum renamed", sub(`\bSeason(Enum)?\b`, "Term$1"), mismatch, mismatch},
	{"Station", "enum's key renamed", lit("Autumn", "Fall"), mismatch, mismatch},
	{"Station", "enum's value changed", lit("Summer = 5", "Summer = 6"), mismatch, mismatch},
	{"Station", "enum's value not said", lit("Summer = 5", "Summer"), mismatch, mismatch},
	{"Station", "enum's keys reordered", lit("Winter = 0, Spring, ", "Spring = 1, Winter = 0, "), mismatch, mismatch},
	{"Station", "enum scoped", lit("ENUM Season", "ENUM class Season"), refused, mismatch},
	{"Station", "flags renamed", sub(`([( ])Alarms\b`, "${1}Alerts"), absent, mismatch},
	{"Station", "flags' key renamed", lit("Smoke", "Haze"), absent, mismatch},
	{"Station", "flags' value changed", lit("Flood = 4", "Flood = 8"), absent, mismatch},
	{"Station", "flags' enum renamed", sub(`\bAlarm\b`, "Alert"), absent, mismatch},
	{"Station", "flags used are those of another enum", lit("FLAG(Alarms Alarm)", "FLAG(Alarms Mode)"), absent, mismatch},

	// PODs.
	{"Station", "POD renamed", sub(`\bReading\b`, "Sample"), mismatch, mismatch},
	{"Station", "POD's field renamed", lit("qint64 stamp", "qint64 when"), mismatch, mismatch},
	{"Station", "POD's field of another type", lit("qint64 stamp", "quint64 stamp"), mismatch, mismatch},
	{"Station", "POD's field added", lit("bool valid)", "bool valid, int extra)"), mismatch, mismatch},
	{"Station", "POD's field removed", lit(", bool valid)", ")"), mismatch, mismatch},
	{"Station", "POD's fields reordered", lit("QString unit, bool valid)", "bool valid, QString unit)"), mismatch, mismatch},
	{"Station", "POD of one slot changed", lit("QPoint grid, Reading", "QPointF grid, Reading"), mismatch, mismatch},
	{"Station", "POD's POD field renamed", lit("Reading last", "Reading latter"), mismatch, mismatch},
	{"Station", "PODs in another order", behind("POD Reading", "POD Place"), mismatch, mismatch},

	// Classes, children and models.
	{"Station", "class renamed", lit("class Station", "class Post"), mismatch, mismatch},
	{"Station", "child's class renamed", sub(`\bGauge\b`, "Dial"), mismatch, mismatch},
	{"Station", "child renamed", lit("CLASS gauge", "CLASS meter"), mismatch, mismatch},
	{"Station", "child removed", without("CLASS gauge"), mismatch, mismatch},
	{"Station", "child and model reordered", behind("CLASS gauge", "MODEL rows"), mismatch, mismatch},
	{"Station", "model renamed", lit("MODEL rows", "MODEL lines"), mismatch, mismatch},
	{"Station", "model removed", without("MODEL rows"), mismatch, mismatch},
	{"Station", "another class altogether", func(string) string { return "class Station\n{\n    PROP(int x)\n};\n" }, mismatch, mismatch},

	{"Gauge", "nothing", func(s string) string { return s + "\n" }, valid, valid},
	{"Gauge", "its parent renamed", lit("class Station", "class Post"), valid, valid},
	{"Gauge", "its parent changed", lit("PROP(bool online", "PROP(bool offline"), valid, valid},
	{"Gauge", "enum of its parent changed", lit("Sampling = 3", "Sampling = 4"), valid, valid},
	{"Gauge", "POD of its parent changed", lit("QPoint grid, Reading", "QPointF grid, Reading"), valid, valid},
	{"Gauge", "property renamed", lit("pressure", "force"), mismatch, mismatch},
	{"Gauge", "POD changed", lit("qint64 stamp", "qint64 when"), mismatch, mismatch},

	{"Brewery", "nothing", func(s string) string { return s + "\n" }, valid, valid},
	{"Brewery", "property of a child's child's child renamed", lit("mesh", "grid"), valid, mismatch},
	{"Brewery", "slot of a child's child renamed", lit("adjust", "change"), valid, mismatch},
	{"Brewery", "class of a child's child's child renamed", sub(`\bFilter\b`, "Sieve"), mismatch, mismatch},
	{"Brewery", "child of a child renamed", lit("CLASS inlet", "CLASS intake"), valid, mismatch},
	{"Brewery", "default value of a child changed", lit("rpm = 1200", "rpm = 3000"), valid, valid},
	{"Filter", "nothing", func(s string) string { return s + "\n" }, valid, valid},
	{"Filter", "property renamed", lit("mesh", "grid"), mismatch, mismatch},
	{"Filter", "its parents changed", lit("adjust", "change"), valid, valid},

	{"Types", "nothing", func(s string) string { return s + "\n" }, valid, valid},
	{"Types", "field of a POD of PODs renamed", lit("Dot from", "Dot start"), mismatch, mismatch},
	{"Types", "field of a POD in a POD of another type", lit("Dot(int x, double y", "Dot(int x, float y"), mismatch, mismatch},
	{"Types", "enum in a POD changed", lit("Far = 7", "Far = 8"), mismatch, mismatch},
	{"Types", "list in a POD of another type", lit("QList<int> marks", "QList<uint> marks"), mismatch, mismatch},
	{"Types", "enum's large value changed", lit("Blue = 40000", "Blue = 40001"), mismatch, mismatch},
	{"Types", "enum's large value in hexadecimal", lit("Blue = 40000", "Blue = 0x9c40"), valid, valid},
	{"Types", "scoped enum's base type changed", lit("Level : quint8", "Level : quint16"), absent, mismatch},
	{"Types", "scoped enum's base type removed", lit("Level : quint8", "Level"), absent, mismatch},
	{"Types", "scoped enum not scoped", lit("ENUM class Level", "ENUM Level"), absent, mismatch},
	{"Types", "flags' value changed", lit("Odd = 16", "Odd = 32"), absent, mismatch},
	{"Types", "long is qint64", lit("PROP(long vLong", "PROP(qint64 vLong"), mismatch, mismatch},
	{"Types", "short is qint16", lit("PROP(short vShort", "PROP(qint16 vShort"), mismatch, mismatch},
	{"Types", "char is qint8", lit("PROP(char vChar", "PROP(qint8 vChar"), mismatch, mismatch},
	{"Types", "map is a hash", lit("PROP(QMap<QString,int>", "PROP(QHash<QString,int>"), mismatch, mismatch},
	{"Types", "key of another type", lit("PROP(QHash<int,QString>", "PROP(QHash<uint,QString>"), mismatch, mismatch},
}

// formatted is what qtro rep fmt makes of a file that somebody else has laid out.
func formatted(text string) string {
	out, err := rep.Format([]byte(sub(`(?m)^    `, " \t ")(text)))
	if err != nil {
		return err.Error()
	}
	return string(bytes.ReplaceAll(out, []byte("class Station\n"), []byte("\nclass Station\n")))
}

// slotsFirst has the slots of Station before its signals.
func slotsFirst(text string) string {
	return sub(`(?ms)(^    SIGNAL\(started.*?)(^    SLOT\(void restart.*?)(^};)`, "$2$1$3")(text)
}

func gaugeLast(text string) string { return sub(`(?ms)(^class Gauge.*?^};\n)(.*)\z`, "$2\n$1")(text) }

func podLast(text string) string { return sub(`(?ms)(^POD Place[^\n]*\n)(.*)\z`, "$2\n$1")(text) }

func (v variant) String() string { return v.of + " " + v.name }

// made is what repc and this module make of a variant.
type made struct {
	variant
	text  string
	class *core.Class // nil if repc refuses the file or there is no such variant
}

// signature is that of the version of Qt.
func signature(c *core.Class, major int) string {
	if major == 5 {
		return c.Signature5
	}
	return c.Signature
}

// repText is the .rep file in which a class is.
func repText(t *testing.T, class string, major int) string {
	t.Helper()
	text, err := peers.Rep(repFiles[class], major)
	require.NoError(t, err)
	return text
}

// parsed returns a class of a .rep file. If the file has no class of that name, it is the last one.
func parsed(t *testing.T, text, name string) (*core.Class, error) {
	t.Helper()
	file, err := rep.Parse("variant.rep", []byte(text))
	if err != nil {
		return nil, err
	}
	classes, err := file.Classes()
	for _, c := range classes {
		if c.Name == name {
			return c, err
		}
	}
	return classes[len(classes)-1], err
}

// makeVariants returns the variants that there are for a version of Qt.
func makeVariants(t *testing.T, major int) (all []made) {
	t.Helper()
	seen := map[string]bool{}
	for _, v := range variants {
		require.False(t, seen[v.String()], v)
		seen[v.String()] = true
		base := repText(t, v.of, major)
		text := v.edit(base)
		if v.want(major) == absent {
			assert.True(t, text == base, "%s is not absent", v)
			continue
		}
		if !assert.False(t, text == base, "%s changes nothing", v) {
			continue
		}
		m := made{variant: v, text: text}
		if v.want(major) != refused {
			class, err := parsed(t, text, v.of)
			if !assert.NoError(t, err, "%s\n%s", v, text) {
				continue
			}
			m.class = class
		}
		all = append(all, m)
	}
	return all
}

// TestVariantSignatures has repc say which variants have another signature, and compares what was expected and what this module
// computes.
func TestVariantSignatures(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		repc := qtpeer.RequireRepc(t, major)
		base, err := qtpeer.Signatures(major)
		require.NoError(t, err)
		for _, v := range makeVariants(t, major) {
			sigs, err := repc.Signatures(v.text)
			if v.want(major) == refused {
				assert.ErrorIs(t, err, qtpeer.ErrRefused, v)
				file, err := rep.Parse("variant.rep", []byte(v.text))
				if assert.NoError(t, err, v) {
					_, err = file.Signatures(rep.Version(major))
					assert.Error(t, err, v)
				}
				continue
			}
			if !assert.NoError(t, err, "%s\n%s", v.variant, v.text) {
				continue
			}
			got := valid
			if sigs[v.class.Name] != base[v.of] {
				got = mismatch
			}
			assert.Equal(t, v.want(major), got, "%s: repc", v)
			assert.Equal(t, sigs[v.class.Name], signature(v.class, major), "%s: this module", v)
		}
	})
}

// source returns a source of the class with objects in all its CLASS properties.
func source(t *testing.T, class *core.Class) *core.Source {
	t.Helper()
	s, err := core.NewSource(class)
	require.NoError(t, err, class.Name)
	for _, p := range class.Properties {
		if p.Class != nil {
			require.NoError(t, s.SetChild(p.Name, source(t, p.Class)))
		}
	}
	return s
}

// TestVariantSources has Qt's typed replicas meet a Go source of every variant, all on one connection.
func TestVariantSources(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		first := newBrewery(t, major)
		remote(t, host, first.Source, "First")
		remote(t, host, newBrewery(t, major).Source, "Last")
		want := map[string]outcome{"First": valid, "Last": valid}
		specs := []string{"First:as=Brewery"}
		for _, v := range makeVariants(t, major) {
			if v.class != nil {
				remote(t, host, source(t, v.class), v.String())
				specs = append(specs, v.String()+":as="+v.of)
				want[v.String()] = v.want(major)
			}
		}
		qtr := startReplica(t, major, "typed", at, specs...)
		// What there is has been announced when the first is there, and has come when what is asked for afterwards is.
		qtr.Wait(soon, "state", qtpeer.Match{"object": "First", "state": "Valid"})
		qtr.Send("acquire Last:as=Brewery")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Last", "state": "Valid"})
		got := map[string]outcome{}
		for _, e := range qtr.Events() {
			if e.Name() == "state" {
				got[e.Text("object")] = outcomeOf(e.Text("state"))
			}
		}
		require.Equal(t, want, got)
		qtr.Send("call First.brew")
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "First", "prop": "batches", "value": 1})
		qtr.Stop()
	})
}

// outcomeOf is the outcome that a state means.
func outcomeOf(state string) outcome {
	switch state {
	case "Valid":
		return valid
	case "SignatureMismatch":
		return mismatch
	}
	return outcome(state)
}

// TestVariantReplicas has Go's typed replicas of every variant meet Qt's sources. Each has a node of its own, whose other replica
// is undisturbed.
func TestVariantReplicas(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		startSource(t, major, "--url", url)
		originals := classesOf(t, major)
		for _, v := range makeVariants(t, major) {
			if v.class == nil || v.of == "Filter" { // Qt's are parts of the Brewery only
				continue
			}
			n := newNode(t, core.Config{OnError: func(err error) { t.Errorf("%s: %v", v, err) }})
			r, err := n.Acquire(v.of, v.class)
			require.NoError(t, err, v)
			other, err := n.AcquireDynamic("Thermostat")
			require.NoError(t, err)
			require.NoError(t, n.Connect(url))
			err = r.Wait(soonContext(t))
			assert.Equal(t, v.want(major), outcomeOf(r.State().String()), "%s: %v", v, err)
			if v.want(major) == mismatch {
				assert.ErrorIs(t, err, core.ErrSignatureMismatch, v)
				assert.ErrorContains(t, err, signature(v.class, major), v)
				assert.ErrorContains(t, err, signature(originals[v.of], major), v)
			}
			assert.NoError(t, other.Wait(soonContext(t)), v)
			_, err = other.Get("target")
			assert.NoError(t, err, v)
			require.NoError(t, n.Close())
		}
	})
}

// TestMismatchOfChild has Go's replicas meet objects of another shape in the properties of Qt's sources. With Qt 5 no signature tells,
// but the values and signals do; the connection goes on.
func TestMismatchOfChild(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		peer := startSource(t, major, "--url", url)
		for name, edit := range map[string]func(string) string{
			"property added":   lit("    PROP(double pressure", "    PROP(int more)\n    PROP(double pressure"),
			"property removed": without("PROP(double pressure"),
			"type":             lit("PROP(double pressure = 1013.25", "PROP(QRect pressure"),
			"signal removed":   without("SIGNAL(tripped"),
			"signal's type":    lit("tripped(double", "tripped(QRect"),
		} {
			class, err := parsed(t, edit(repText(t, "Station", major)), "Station")
			require.NoError(t, err)
			n := newNode(t, core.Config{OnError: func(err error) { t.Errorf("%s: %v", name, err) }})
			r, j := acquire(t, n, "Station", "typed", class)
			other, err := n.AcquireDynamic("Thermostat")
			require.NoError(t, err)
			require.NoError(t, n.Connect(url))
			require.NoError(t, other.Wait(soonContext(t)))
			if major == 5 && strings.HasPrefix(name, "signal") {
				require.NoError(t, r.Wait(soonContext(t)), name)
				peer.Send(`emit Station.gauge.tripped [1,"why"]`)
			}
			j.wait(t, "state", "SignatureMismatch")
			require.ErrorIs(t, r.Wait(soonContext(t)), core.ErrSignatureMismatch, name)
			require.Equal(t, core.Valid, other.State(), name)
			require.NoError(t, n.Close())
		}
	})
}

// TestMismatchMendedOfGo puts the right Go source in the place of a wrong one. On the same connection, Qt does not look at it; on
// the next, replicas that were there before take its values but are never Valid, and new ones are.
func TestMismatchMendedOfGo(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		classes := classesOf(t, major)
		host, at := newHost(t, major, qtpeer.FreeURL(t, "tcp")) // where there is another one later
		wrong := source(t, classes["Station"])
		remote(t, host, wrong, "Object")
		qtr := startReplica(t, major, "typed", at, "Object:as=Gauge", "Later:as=Gauge")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Object", "state": "SignatureMismatch"})
		require.NoError(t, host.DisableRemoting(wrong))
		right := source(t, classes["Gauge"])
		require.NoError(t, right.Set("pressure", 7))
		remote(t, host, right, "Object")
		remote(t, host, source(t, classes["Gauge"]), "Later")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Later", "state": "Valid"})
		states := func() (all []string) {
			for _, e := range qtr.Events() {
				if e.Name() == "state" && e.Text("object") == "Object" {
					all = append(all, e.Text("state"))
				}
			}
			return all
		}
		require.Equal(t, []string{"SignatureMismatch"}, states())

		require.NoError(t, host.Close())
		host, _ = newHost(t, major, at)
		right = source(t, classes["Gauge"])
		require.NoError(t, right.Set("pressure", 8))
		remote(t, host, right, "Object")
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Object", "prop": "pressure", "value": 8})
		qtr.Wait(soon, "notified", qtpeer.Match{"object": "Object"})
		require.Equal(t, []string{"SignatureMismatch"}, states())
		qtr.Send("release Object")
		qtr.Wait(soon, "released", nil)
		qtr.Send("acquire Object:as=Gauge")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Object", "state": "Valid"})
		qtr.Wait(soon, "init", qtpeer.Match{"props": qtpeer.Match{"pressure": 8}})
	})
}

// TestMismatchMendedOfQt has Go's replicas become Valid with the right source, which is on the same connection or on another.
func TestMismatchMendedOfQt(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		classes := classesOf(t, major)
		host, at := newHost(t, major, qtpeer.FreeURL(t, "tcp")) // where there is another one later
		wrong, right := source(t, classes["Station"]), source(t, classes["Gauge"])
		remote(t, host, wrong, "Gauge")
		n := newNode(t, core.Config{})
		r, j := acquire(t, n, "Gauge", "typed", classes["Gauge"])
		require.NoError(t, n.Connect(at))
		require.ErrorIs(t, r.Wait(soonContext(t)), core.ErrSignatureMismatch)
		require.NoError(t, host.DisableRemoting(wrong))
		remote(t, host, right, "Gauge")
		j.wait(t, "state", "Valid")
		require.NoError(t, host.DisableRemoting(right))
		j.wait(t, "state", "Suspect")
		remote(t, host, wrong, "Gauge")
		j.wait(t, "state", "SignatureMismatch")

		require.NoError(t, host.Close())
		startSource(t, major, "--url", at, "--only", "Gauge")
		j.wait(t, "state", "Valid")
		require.NoError(t, r.Wait(soonContext(t)))
		require.NotZero(t, call(t, r, "calibrate", 1.0).Float())
	})
}
