package qt_test

import (
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

func ExampleOf() {
	temperature := qt.Of(21.5)
	fmt.Println(temperature.Type(), temperature)

	rates := qt.Of(map[string]int32{"EUR": 4, "CHF": 7})
	fmt.Println(rates.Type(), rates)

	fmt.Println(qt.Of("").IsNull(), qt.NullString.IsNull())
	// Output:
	// double 21.5
	// QMap<QString,int> {"CHF": 7, "EUR": 4}
	// false true
}

func ExampleAs() {
	v := qt.Of([]int32{1, 2, 3})
	list, err := qt.As[[]int](v)
	fmt.Println(list, err)

	_, err = qt.As[int8](qt.Of(int32(300)))
	fmt.Println(err)

	name, err := qt.As[*string](qt.NullString)
	fmt.Println(name, err)
	// Output:
	// [1 2 3] <nil>
	// value out of range: int (300) for Go type int8
	// <nil> <nil>
}

// Celsius travels as the C++ type of this name whose stream operators write one double.
type Celsius float64

func ExampleRegister() {
	qt.Register("weather::Celsius", qt.Codec[Celsius]{
		Decode: func(r *qt.Reader) Celsius { return Celsius(r.Float64()) },
		Encode: func(w *qt.Writer, c Celsius) { w.Float64(float64(c)) },
	})

	w := qt.NewWriter(nil, qt.Format{Version: qt.Qt6_2, LittleEndian: true})
	w.Variant(qt.Of([]Celsius{21.5, -4}))

	r := qt.NewReader(w.Bytes(), w.Format(), nil)
	v := r.Variant()
	fmt.Println(v.Type(), v.Any(), r.Finish("value"))
	// Output:
	// QList<weather::Celsius> [21.5 -4] <nil>
}

func ExampleTypes_Define() {
	types := qt.NewTypes()
	types.Define(
		[]*qt.Enum{{Name: "Station::Mode", Size: 4, Keys: []qt.EnumKey{{Name: "Idle", Value: 0}, {Name: "Running", Value: 1}}}},
		[]qt.POD{{Name: "Reading", Fields: []qt.Field{{Name: "celsius", TypeName: "double"}, {Name: "mode", TypeName: "Mode"}}}},
	)
	readings, err := types.Lookup("QList<Reading>")
	if err != nil {
		fmt.Println(err)
		return
	}
	type reading struct {
		Celsius float64
		Mode    int
	}
	v, err := readings.Value([]reading{{21.5, 1}, {-4, 0}})
	fmt.Println(v, err)

	data, err := v.MarshalJSON()
	fmt.Println(string(data), err)
	// Output:
	// [Reading{celsius: 21.5, mode: Running}, Reading{celsius: -4, mode: Idle}] <nil>
	// [{"celsius":21.5,"mode":"Running"},{"celsius":-4,"mode":"Idle"}] <nil>
}
