package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

func TestSplitSignature(t *testing.T) {
	for signature, want := range map[string][]string{
		"":                                     {""},
		"started()":                            {"started"},
		"levelCrossed(int)":                    {"levelCrossed", "int"},
		"observed(Reading,QMap<QString,int>)":  {"observed", "Reading", "QMap<QString,int>"},
		"a(QMap<QString,QMap<int,int>>,A::B,)": {"a", "QMap<QString,QMap<int,int>>", "A::B", ""},
	} {
		name, types := SplitSignature(signature)
		assert.Equal(t, want, append([]string{name}, types...), signature)
	}
}

// Flags that a definition names without describing them are read as Qt 5 sends them; what else it does not describe is not.
func TestForeignFlags(t *testing.T) {
	d := &Definition{
		TypeName:   "Station",
		Enums:      []qt.Enum{{Name: "Mode", Size: 4}},
		Properties: []PropertyDef{{Name: "alarms", Type: "StationTypes::Alarms"}, {Name: "mode", Type: "StationSource::Mode"}, {Name: "fan", Type: "::Fan"}},
		Slots:      []Method{{Signature: "mask(QMap<QString,Foo::Bar>,Other::Flags)", ReturnType: "Third::Flags"}},
	}
	types := d.Types()
	for _, name := range []string{"StationTypes::Alarms", "Other::Flags", "Third::Flags"} {
		typ, err := types.Lookup(name)
		require.NoError(t, err, name)
		assert.True(t, typ.Enum().Flag, name)
	}
	for _, name := range []string{"StationSource::Mode", "::Fan", "Foo::Bar", "Bar"} {
		_, err := types.Lookup(name)
		assert.Error(t, err, name)
	}
}
