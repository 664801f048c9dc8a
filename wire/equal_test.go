package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

// equalPackets reports whether two packets say the same. Null and empty are one for names, as in Packet itself.
func equalPackets(a, b *Packet) bool {
	return a.Kind == b.Kind && a.Name == b.Name && slices.Equal(a.Objects, b.Objects) && a.Dynamic == b.Dynamic &&
		reflect.DeepEqual(a.Class, b.Class) && slices.EqualFunc(a.Values, b.Values, equalProperties) &&
		equalProperties(a.Value, b.Value) && a.Call == b.Call && a.Index == b.Index &&
		slices.EqualFunc(a.Args, b.Args, equalValues) && a.Serial == b.Serial && a.Property == b.Property
}

func equalProperties(a, b Property) bool {
	if a.Object == nil || b.Object == nil {
		return a.Object == b.Object && equalValues(a.Value, b.Value)
	}
	x, y := a.Object, b.Object
	return x.Name == y.Name && x.TypeName == y.TypeName && x.Kind == y.Kind && x.Null == y.Null &&
		reflect.DeepEqual(x.Definition, y.Definition) && slices.EqualFunc(x.Values, y.Values, equalProperties) &&
		equalValues(x.Gadget, y.Gadget)
}

// equalValues is Value.Equal, but for three things: the order of a map's entries does not count, a NaN inside a QPointF
// and its like is equal to itself, and an enum that came under its name outside of a POD may have become an integer.
func equalValues(a, b qt.Value) bool {
	t := a.Type()
	switch {
	case a.Equal(b):
		return true
	case t == nil || b.Type() == nil || a.IsNull() != b.IsNull():
		return false
	case t.Enum() != nil:
		return byte(a.Int()) == byte(b.Int())
	case t.String() != b.Type().String() || a.Len() != b.Len() || len(a.Entries()) != len(b.Entries()):
		return false
	case t.IsVariant():
		return equalValues(a.Unwrap(), b.Unwrap())
	case len(a.Entries()) > 0:
		return equalEntries(a.Entries(), slices.Clone(b.Entries()))
	case a.Len() > 0:
		for i := range a.Len() {
			if !equalValues(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	x, y := fmt.Sprintf("%v", a), fmt.Sprintf("%v", b)
	return x == y && strings.Contains(x, "NaN")
}

func equalEntries(a, b []qt.Entry) bool {
	for _, x := range a {
		i := slices.IndexFunc(b, func(y qt.Entry) bool { return equalValues(x.Key, y.Key) && equalValues(x.Value, y.Value) })
		if i < 0 {
			return false
		}
		b = slices.Delete(b, i, i+1)
	}
	return len(b) == 0
}
