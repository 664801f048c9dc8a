package rep_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// TestPeers converts the .rep files of the Qt programs that the other tests talk to.
func TestPeers(t *testing.T) {
	text, err := os.ReadFile("../interop/testdata/signatures.json")
	require.NoError(t, err)
	var want map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &want))
	for _, major := range []int{5, 6} {
		seen := 0
		for _, name := range peers.RepNames {
			text, err := peers.Rep(name, major)
			require.NoError(t, err)
			f, err := rep.Parse(name+".rep", []byte(text))
			require.NoError(t, err)
			classes, err := f.Classes()
			require.NoError(t, err)
			for _, c := range classes {
				seen++
				signature := c.Signature
				if major == 5 {
					signature = c.Signature5
				}
				require.Equal(t, want[rep.Version(major).String()][c.Name], signature)
				if major == 5 && c.Name == "Station" { // an enum in no .rep file, but in a header
					c.Enums = append(c.Enums, qt.Enum{Name: "StationTypes::Alarms", Flag: true, Size: 4})
				}
				_, err := core.NewSource(c)
				require.NoError(t, err, c.Name)
			}
		}
		require.Equal(t, len(want["qt5"]), seen)
	}
}

const plant = `
#include <QtCore>
USE_ENUM(Qt::DayOfWeek)
ENUM Season { Winter, Summer = 5 }
POD Inner(int id, SeasonEnum::Season season)
POD Unused(int id)
POD Shape {
    ENUM Kind : quint8 { Circle, Square = 4 };
    QList<Inner> parts,
    Kind kind
}
class Gauge
{
    PROP(double value READONLY)
};
class Plant
{
    ENUM Mode { Idle = 3, Busy };
    FLAG(Modes Mode)
    PROP(bool on = true)
    PROP(int level = -0x10 READWRITE, PERSISTED)
    PROP(uint big = 4000000000u CONSTANT)
    PROP(double ratio = 1.5e3 READONLY, CONSTANT)
    PROP(QString title = "a \"b\", c" SOURCEONLYSETTER)
    PROP(Mode mode = Mode::Busy)
    PROP(SeasonEnum::Season season = SeasonEnum::Summer)
    PROP(QList<int> list = {1,2})
    PROP(QPoint at = {3,-4})
    PROP(QVariantMap none = {})
    PROP(Shape shape)
    PROP(Qt::DayOfWeek day)
    CLASS gauge(Gauge)
    MODEL rows(display, edit)
    SIGNAL(changed(const QMap<QString, int> &map, Modes))
    SLOT(reset())
    SLOT(QList<Inner> parts(unsigned int count))
};
`

func TestClasses(t *testing.T) {
	f, err := rep.Parse("plant.rep", []byte(plant))
	require.NoError(t, err)
	classes, err := f.Classes()
	require.NoError(t, err)
	require.Len(t, classes, 2)
	c := classes[1]
	require.Equal(t, []core.Property{
		{Name: "on", Type: "bool", Default: true},
		{Name: "level", Type: "int", Access: core.ReadWrite, Default: int64(-16), Persisted: true},
		{Name: "big", Type: "uint", Access: core.Constant, Default: int64(4000000000)},
		{Name: "ratio", Type: "double", Access: core.Constant, Default: 1500.0},
		{Name: "title", Type: "QString", Access: core.SourceOnlySetter, Default: `a "b", c`},
		{Name: "mode", Type: "Mode", Default: int32(4)},
		{Name: "season", Type: "SeasonEnum::Season", Default: int32(5)},
		{Name: "list", Type: "QList<int>", Default: []any{int64(1), int64(2)}},
		{Name: "at", Type: "QPoint", Default: qt.Point{X: 3, Y: -4}},
		{Name: "none", Type: "QVariantMap"},
		{Name: "shape", Type: "Shape"},
		{Name: "day", Type: "Qt::DayOfWeek"},
		{Name: "gauge", Class: classes[0], Access: core.SourceOnlySetter},
		{Name: "rows", Roles: []string{"display", "edit"}, Access: core.SourceOnlySetter},
	}, c.Properties)
	require.Equal(t, []core.Signal{{Name: "changed", Params: []core.Param{{Name: "map", Type: "QMap<QString,int>"}, {Type: "Modes"}}}}, c.Signals)
	require.Equal(t, []core.Slot{{Name: "reset"},
		{Name: "parts", Return: "QList<Inner>", Params: []core.Param{{Name: "count", Type: "unsigned"}}}}, c.Slots)
	require.Equal(t, []qt.POD{
		{Name: "Inner", Fields: []qt.Field{{Name: "id", TypeName: "int"}, {Name: "season", TypeName: "SeasonEnum::Season"}}},
		{Name: "Shape", Fields: []qt.Field{{Name: "parts", TypeName: "QList<Inner>"}, {Name: "kind", TypeName: "Shape::Kind"}}},
	}, c.PODs)
	mode := []qt.EnumKey{{Name: "Idle", Value: 3}, {Name: "Busy", Value: 4}}
	require.Equal(t, []qt.Enum{
		{Name: "Qt::DayOfWeek", Size: 4},
		{Name: "SeasonEnum::Season", Size: 4, Keys: []qt.EnumKey{{Name: "Winter"}, {Name: "Summer", Value: 5}}},
		{Name: "Shape::Kind", Size: 1, Keys: []qt.EnumKey{{Name: "Circle"}, {Name: "Square", Value: 4}}},
		{Name: "Mode", Size: 4, Keys: mode},
		{Name: "Modes", Size: 4, Keys: mode, Flag: true},
	}, c.Enums)
	require.Empty(t, c.Signature5, "Qt 5 knows neither FLAG nor braces")
	require.Len(t, c.Signature, 40)

	s, err := core.NewSource(c)
	require.NoError(t, err)
	for name, want := range map[string]any{"level": int32(-16), "mode": int32(4), "title": `a "b", c`, "at": qt.Point{X: 3, Y: -4}} {
		v, err := s.Get(name)
		require.NoError(t, err)
		require.Equal(t, want, v.Any(), name)
	}
}

func TestClassesErrors(t *testing.T) {
	f, err := rep.Parse("x.rep", []byte("class Ab\n{\n    PROP(QFont v = QFont())\n    CLASS other(Missing)\n    PROP(int w = three)\n};\n"))
	require.NoError(t, err)
	classes, err := f.Classes()
	require.EqualError(t, err, "x.rep:3:16: only C++ understands the default value QFont() of v\n"+
		"x.rep:4:11: the class Missing of other is not declared: give the file that it is in, too\n"+
		"x.rep:5:14: only C++ understands the default value three of w")
	require.Len(t, classes[0].Properties, 2)
	other, err := rep.Parse("y.rep", []byte("ENUM Season { Winter, Summer }\nclass Missing\n{\n    PROP(int x = y)\n};\n"))
	require.NoError(t, err)
	classes, err = rep.Classes(f, other)
	require.EqualError(t, err, "x.rep:3:16: only C++ understands the default value QFont() of v\n"+
		"x.rep:5:14: only C++ understands the default value three of w\ny.rep:4:14: only C++ understands the default value y of x")
	require.Len(t, classes, 2)
	require.Len(t, classes[0].Properties, 3)
	require.Same(t, classes[1], classes[0].Properties[1].Class)
}

func TestFlagDefaults(t *testing.T) {
	for text, want := range map[string]int32{
		"Smoke": 1, "Smoke|Heat": 3, "Alarm::Smoke | Alarm::Heat": 3, "Ab::Smoke |Ab::Alarm::Heat READONLY, PERSISTED": 3,
		"{Smoke, Heat}": 3, "Alarms{Alarm::Heat} READWRITE": 2, "{}": 0, "4": 4, "0x1|2": 3,
	} {
		f, err := rep.Parse("x.rep", []byte("class Ab\n{\n    ENUM Alarm { Smoke = 1, Heat = 2 }\n    FLAG(Alarms Alarm)\n    PROP(Alarms a = "+text+")\n};\n"))
		require.NoError(t, err, text)
		classes, err := f.Classes()
		require.NoError(t, err, text)
		s, err := core.NewSource(classes[0])
		require.NoError(t, err, text)
		v, err := s.Get("a")
		require.NoError(t, err, text)
		require.Equal(t, want, v.Any(), text)
	}
}

// TestWireTypes are the types of parameters and fields as the C++ compiler sees them behind repc.
func TestWireTypes(t *testing.T) {
	f, err := rep.Parse("x.rep", []byte("POD Pod(unsigned int a, long long b)\nclass Ab\n{\n"+
		"    SLOT(void a(unsigned int x, long long y, short int z, const QString &s, QString const &t, int const u, QMap<int, QString> v))\n    PROP(Pod p)\n};\n"))
	require.NoError(t, err)
	require.Contains(t, string(f.Format()), "QString const &t, int const u, ")
	classes, err := f.Classes()
	require.NoError(t, err)
	require.Equal(t, []core.Param{{Name: "x", Type: "unsigned"}, {Name: "y", Type: "long"}, {Name: "z", Type: "short"}, {Name: "s", Type: "QString"},
		{Name: "t", Type: "QString"}, {Name: "u", Type: "int"}, {Name: "v", Type: "QMap<int,QString>"}}, classes[0].Slots[0].Params)
	require.Equal(t, []qt.Field{{Name: "a", TypeName: "unsigned"}, {Name: "b", TypeName: "long"}}, classes[0].PODs[0].Fields)
}
