package qt

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPack(t *testing.T) {
	define := func(order ...Field) *Type {
		types := NewTypes()
		types.Define([]*Enum{{Name: "E::Tiny", Size: 1, Keys: []EnumKey{{"A", 0}, {"B", -2}}}}, []POD{{"P", order}})
		return types.MustLookup("P")
	}
	n, tiny, x := Field{Name: "n", TypeName: "int"}, Field{Name: "tiny", TypeName: "Tiny"}, Field{Name: "x", TypeName: "QVariant"}
	p, other := define(n, tiny, x), define(x, n, tiny)
	v := p.Pack(Of(int64(5)), Of(int32(-2)), Of("x"))
	require.Same(t, p, v.Type())
	assert.Equal(t, map[string]any{"n": int32(5), "tiny": int32(-2), "x": "x"}, v.Any())
	assert.Equal(t, Of(int32(5)), p.Unpack(v)[0])
	assert.Equal(t, "x", other.Unpack(v)[0].Any(), "of another class, whose order is another")

	list := MustLookup("QList<int>")
	table := MustLookup("QMap<QString,int>")
	assert.Equal(t, []int32{1, 2}, PackList(list, []int64{1, 2}, Of[int64]).Any())
	assert.Equal(t, map[string]int32{"a": 1}, PackMap(table, map[string]int32{"a": 1}, Of[string], Of[int32]).Any())
	for _, misfit := range []Value{
		p.Pack(), p.Pack(Of(1)), p.Pack(Of("x"), Of(int32(0)), Of(1)), p.Pack(Of(int32(1)), Of(int32(300)), Of(1)),
		p.Pack(Of(int32(1)), Of(int32(0)), Carry(Value{}, ErrValue)), list.Pack(Of(1)),
		PackList(list, []string{"x"}, Of[string]), PackList(p, []string{"x"}, Of[string]),
		PackMap(table, map[int]int{1: 2}, Of[int], Of[int]), PackMap(table, map[string]string{"a": ""}, Of[string], Of[string]), PackMap(p, map[int]int{}, Of[int], Of[int]),
	} {
		assert.False(t, misfit.IsValid())
		assert.True(t, misfit.Equal(misfit))
		for _, typ := range []*Type{p, list, tVariant} {
			_, err := typ.Convert(misfit)
			assert.ErrorIs(t, err, ErrValue)
		}
	}
	_, err := tVariant.Convert(Carry(Of(1), errors.New("why")))
	require.EqualError(t, err, "why")

	for _, foreign := range []Value{{}, Done, NullString, Of(1), Of([]string{"x"}), {t: p}, {t: list}, {t: table}} {
		assert.Len(t, p.Unpack(foreign), 3)
		assert.Zero(t, OrZero[int32](p.Unpack(foreign)[0]))
		assert.Empty(t, UnpackList(foreign, OrZero[int32])[min(1, len(UnpackList(foreign, OrZero[int32]))):])
		assert.Empty(t, UnpackMap(foreign, OrZero[string], OrZero[int32]))
	}
	assert.Nil(t, UnpackList(Of(1), OrZero[int32]))
	assert.Nil(t, UnpackMap(Of(1), OrZero[string], OrZero[int32]))
}
