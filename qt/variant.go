package qt

import (
	"fmt"
	"slices"
)

// Variant reads a QVariant: the type's id, whether it is null, the name of a user type, the value.
func (r *Reader) Variant() Value {
	if r.depth >= MaxDepth {
		r.Fail("QVariant", ErrTooDeep)
	}
	id := r.Uint32()
	null := r.Bool()
	if r.err != nil {
		return Value{}
	}
	if id < uint32(len(coreTypes)) {
		// Numbers are the most usual values by far, and nest nothing.
		if t := coreTypes[id]; t != nil && t.kind == kindInt && t.size == 4 {
			return Value{t: t, num: uint64(int64(r.Int32())), odd: null}
		}
	}
	r.depth++
	v := r.variant(id, null)
	r.depth--
	return v
}

func (r *Reader) variant(id uint32, null bool) Value {
	var t *Type
	switch {
	case id == 0:
		return Value{odd: !null}
	case id >= r.format.Version.firstUserType():
		name := r.userTypeName()
		switch {
		case string(name) == tSequence.name:
			v := r.sequence()
			v.odd = null
			return v
		case string(name) == tAssociative.name:
			v := r.associative()
			v.odd = null
			return v
		}
		if t = r.userType(name); t == nil {
			return Value{}
		}
	default:
		if t = typeByID(id, r.format.Version); t == nil {
			r.Fail("QVariant", &UnknownTypeError{fmt.Sprintf("metatype %d", id)})
			return Value{}
		}
	}
	v := r.Payload(t)
	v.odd = null
	if t.kind == kindNull && r.format.Version == Qt6_2 {
		v.odd = !null
	}
	return v
}

// userTypeName reads the name of a user type, which ends with a NUL.
func (r *Reader) userTypeName() []byte {
	name := r.RawBytes()
	if n := len(name); n > 0 && name[n-1] == 0 {
		name = name[:n-1]
	}
	return name
}

func (r *Reader) userType(name []byte) *Type {
	if r.err != nil {
		return nil
	}
	t, err := r.types.lookupBytes(name)
	if err == nil && !t.in(r.format.Version) {
		err = &UnknownTypeError{t.name}
	}
	if err != nil {
		r.Fail("QVariant", err)
		return nil
	}
	return t
}

// Payload reads a value of type t without the header of a QVariant.
func (r *Reader) Payload(t *Type) Value {
	switch t.kind {
	case kindBool:
		if r.Bool() {
			return Value{t: t, num: 1}
		}
		return Value{t: t}
	case kindInt:
		return scalarValue(t, uint64(r.signed(int(t.size))))
	case kindEnum:
		return scalarValue(t, r.enumPayload(t))
	case kindUint, kindChar:
		return scalarValue(t, r.unsigned(int(t.size)))
	case kindFloat: // a float, too, is written as a double
		num, _ := t.float(r.Float64())
		return scalarValue(t, num)
	case kindDate:
		return scalarValue(t, r.Uint64())
	case kindTime:
		return scalarValue(t, uint64(int64(r.Int32())))
	case kindString:
		raw := r.RawString()
		if raw == nil {
			return Value{t: t}
		}
		return textValue(t, string(r.utf8(raw)))
	case kindBytes:
		return bytesValue(t, r.Bytes())
	case kindVariant:
		return Value{t: t, ref: r.Variant()}
	case kindList:
		return r.list(t)
	case kindMap:
		return r.mapping(t)
	case kindPair:
		first := r.item(t.key)
		return itemsValue(t, []Value{first, r.item(t.elem)})
	case kindPOD:
		return r.pod(t)
	case kindCodec:
		v := Value{t: t, ref: t.codec.decode(r)}
		if r.err != nil {
			return Value{}
		}
		return v
	}
	return Value{t: t}
}

func (r *Reader) signed(size int) int64 {
	switch size {
	case 1:
		return int64(int8(r.Uint8()))
	case 2:
		return int64(int16(r.Uint16()))
	case 4:
		return int64(r.Int32())
	}
	return int64(r.Uint64())
}

func (r *Reader) unsigned(size int) uint64 {
	switch size {
	case 1:
		return uint64(r.Uint8())
	case 2:
		return uint64(r.Uint16())
	case 4:
		return uint64(r.Uint32())
	}
	return r.Uint64()
}

// enumPayload reads an enum that stands in a container or POD. A packed one has a sign only if the enum has
// negative values.
func (r *Reader) enumPayload(t *Type) uint64 {
	size := t.enumSize(r.format.Version)
	if size < 4 && !slices.ContainsFunc(t.enum.Keys, func(k EnumKey) bool { return k.Value < 0 }) {
		return t.canonical(r.unsigned(size))
	}
	return t.canonical(uint64(r.signed(size)))
}

// item reads a value inside a container: in QVariant's place a whole variant stands, which needs no wrapping.
func (r *Reader) item(t *Type) Value {
	if t.kind == kindVariant {
		return r.Variant()
	}
	return r.Payload(t)
}

func (r *Reader) list(t *Type) Value {
	if r.enter(t.name); r.err != nil {
		return Value{}
	}
	defer func() { r.depth-- }()
	return r.items(t, r.count(t.elem.minSize(r.format.Version)))
}

func (r *Reader) items(t *Type, n int) Value {
	if t.elem.kind.scalar() {
		nums := make([]uint64, n)
		if t.elem == tInt { // by far the most usual
			order := r.order()
			raw := r.take(4*n, t.name)
			for i := range len(raw) / 4 {
				nums[i] = uint64(int64(int32(order.Uint32(raw[4*i:]))))
			}
			return numsValue(t, nums)
		}
		for i := range nums {
			nums[i] = r.Payload(t.elem).num
		}
		return numsValue(t, nums)
	}
	vals := make([]Value, 0, n)
	for len(vals) < n && r.err == nil {
		vals = append(vals, r.item(t.elem))
	}
	return itemsValue(t, vals)
}

func (r *Reader) mapping(t *Type) Value {
	if r.enter(t.name); r.err != nil {
		return Value{}
	}
	defer func() { r.depth-- }()
	return r.entries(t, r.count(t.key.minSize(r.format.Version)+t.elem.minSize(r.format.Version)))
}

func (r *Reader) entries(t *Type, n int) Value {
	out := make([]Entry, 0, n)
	for len(out) < n && r.err == nil {
		key := r.item(t.key)
		out = append(out, Entry{key, r.item(t.elem)})
	}
	if t.keyed && r.format.Version == Qt5_12 {
		slices.Reverse(out) // Qt 5 starts with the last key
	}
	return entriesValue(t, out)
}

func (r *Reader) pod(t *Type) Value {
	if r.enter(t.name); r.err != nil {
		return Value{}
	}
	defer func() { r.depth-- }()
	vals := make([]Value, 0, min(len(t.fields), r.Remaining()/5+1))
	for _, f := range t.fields {
		if r.err != nil {
			break
		}
		at := r.off
		v := r.Variant()
		if f.typ != nil && r.err == nil {
			c, err := f.typ.convertExact(v)
			if err != nil {
				r.off = at
				r.Fail(t.name+"."+f.Name, err)
				break
			}
			v = c
		}
		vals = append(vals, v)
	}
	return itemsValue(t, vals)
}

// sequence reads the rest of a QSQ_: Qt 6's wrapping of a list of PODs.
func (r *Reader) sequence() Value {
	t := r.wrapped(kindList)
	elem := r.ByteString()
	var v Value
	r.Nested("QSQ_", func(n *Reader) {
		if name := n.ByteString(); n.err == nil && (name != elem || name != t.elem.name) {
			n.Fail("QSQ_", fmt.Errorf("%w: item type %q of %s", ErrValue, name, t))
			return
		}
		v = n.items(t, n.count(t.elem.minSize(n.format.Version)))
	})
	if v.t == nil {
		r.Fail("QSQ_", ErrShort)
	}
	return v
}

// associative reads the rest of a QAS_: Qt 6's wrapping of a map with PODs as values.
func (r *Reader) associative() Value {
	t := r.wrapped(kindMap)
	key, elem := r.ByteString(), r.ByteString()
	var v Value
	r.Nested("QAS_", func(n *Reader) {
		k, e := n.ByteString(), n.ByteString()
		if n.err == nil && (k != key || e != elem || e != t.elem.name) {
			n.Fail("QAS_", fmt.Errorf("%w: item types %q, %q of %s", ErrValue, k, e, t))
			return
		}
		v = n.entries(t, n.count(t.key.minSize(n.format.Version)+t.elem.minSize(n.format.Version)))
	})
	if v.t == nil {
		r.Fail("QAS_", ErrShort)
	}
	return v
}

func (r *Reader) wrapped(k kind) *Type {
	name := r.RawBytes()
	if r.err != nil {
		return nil
	}
	t, err := r.types.lookupBytes(name)
	if err == nil && (t.kind != k || t.elem.kind != kindPOD) {
		err = fmt.Errorf("%w: %s is no container of PODs", ErrValue, t)
	}
	if err != nil {
		r.Fail("container", err)
		return nil
	}
	return t
}

// Variant writes v as a QVariant. In Qt 6 a list or map of PODs is wrapped as Qt's sources and replicas wrap it.
func (w *Writer) Variant(v Value) { w.variant(v, true) }

// BareVariant is [Writer.Variant] without that wrapping, which Qt 6 does not understand in the value of a property
// that a replica writes.
func (w *Writer) BareVariant(v Value) { w.variant(v, false) }

func (w *Writer) variant(v Value, wrap bool) {
	if w.depth++; w.depth > MaxDepth {
		w.Fail(ErrTooDeep)
	}
	if w.err != nil {
		return
	}
	defer func() { w.depth-- }()
	t := v.t
	if t == nil {
		w.Uint32(0)
		w.Bool(!v.odd)
		return
	}
	ver := w.format.Version
	if wrap && ver == Qt6_2 && t.IsContainer() && t.elem.kind == kindPOD {
		w.wrapped(v)
		return
	}
	if !t.in(ver) {
		w.Fail(&UnknownTypeError{t.name})
		return
	}
	id, named := t.ident(ver)
	w.Uint32(id)
	w.Bool(v.odd != (t.kind == kindNull && ver == Qt6_2))
	if named {
		w.CString(t.Name(ver))
	}
	if t.kind == kindEnum {
		// As a variant an enum keeps its full size; packing is for PODs.
		w.scalar(v.num, int(t.size))
		return
	}
	w.Payload(v)
}

// wrapped writes a container of PODs as QSQ_ or QAS_.
func (w *Writer) wrapped(v Value) {
	t := v.t
	wrapper := tSequence
	if t.kind == kindMap {
		wrapper = tAssociative
	}
	w.Uint32(w.format.Version.firstUserType())
	w.Bool(v.odd)
	w.CString(wrapper.name)
	w.ByteString(t.name)
	if t.kind == kindMap {
		w.ByteString(t.key.wrappedName())
	}
	w.ByteString(t.elem.name)
	w.Nested(func(w *Writer) {
		if t.kind == kindMap {
			w.ByteString(t.key.wrappedName())
		}
		w.ByteString(t.elem.name)
		w.Payload(v)
	})
}

// wrappedName is the key type's name in a QAS_, where an enum is announced as the integer of its size.
func (t *Type) wrappedName() string {
	switch {
	case t.kind != kindEnum:
		return t.name
	case t.size == 1:
		return tSChar.name
	case t.size == 2:
		return tShort.name
	}
	return tInt.name
}

func (w *Writer) scalar(num uint64, size int) {
	switch size {
	case 1:
		w.Uint8(uint8(num))
	case 2:
		w.Uint16(uint16(num))
	case 4:
		w.Uint32(uint32(num))
	default:
		w.Uint64(num)
	}
}

// Payload writes v without the header of a QVariant.
func (w *Writer) Payload(v Value) {
	if w.err != nil {
		return
	}
	t := v.t
	if t == nil {
		w.Fail(fmt.Errorf("%w: an invalid value has no payload", ErrValue))
		return
	}
	switch t.kind {
	case kindBool, kindInt, kindUint, kindChar:
		w.scalar(v.num, int(t.size))
	case kindFloat, kindDate:
		w.Uint64(v.num)
	case kindTime:
		w.Uint32(uint32(v.num))
	case kindEnum:
		w.scalar(v.num, t.enumSize(w.format.Version))
	case kindString:
		if v.ref == nil {
			w.NullText()
			return
		}
		s, _ := v.text()
		w.Text(s)
	case kindBytes:
		w.ByteArray(v.Bytes())
	case kindVariant:
		inner, _ := v.ref.(Value)
		w.Variant(inner)
	case kindList:
		w.Uint32(uint32(v.Len()))
		if nums, ok := v.nums(); ok {
			for _, n := range nums {
				w.Payload(scalarValue(t.elem, n))
			}
			return
		}
		for _, x := range v.items() {
			w.item(t.elem, x)
		}
	case kindMap:
		entries := v.Entries()
		w.Uint32(uint32(len(entries)))
		if t.keyed {
			entries = sorted(entries, Entry.compare)
		}
		for i, e := range entries {
			if t.keyed && w.format.Version == Qt5_12 {
				e = entries[len(entries)-1-i]
			}
			w.item(t.key, e.Key)
			w.item(t.elem, e.Value)
		}
	case kindPair:
		w.item(t.key, v.Index(0))
		w.item(t.elem, v.Index(1))
	case kindPOD:
		for i := range t.fields {
			w.field(v.Index(i))
		}
	case kindCodec:
		t.codec.encode(w, v.ref)
	}
}

func (w *Writer) item(t *Type, v Value) {
	if t.kind == kindVariant {
		w.BareVariant(v)
		return
	}
	w.Payload(v)
}

// field writes a field of a POD. There Qt 5 gives an enum its own name and packs it.
func (w *Writer) field(v Value) {
	if v.t != nil && v.t.kind == kindEnum && w.format.Version == Qt5_12 {
		w.Uint32(Qt5_12.firstUserType())
		w.Bool(v.odd)
		w.CString(v.t.name5)
		w.Payload(v)
		return
	}
	w.BareVariant(v)
}

func (e Entry) compare(f Entry) int { return e.Key.compare(f.Key) }

// sorted returns the entries in order, as they are if they are so already.
func sorted(entries []Entry, cmp func(a, b Entry) int) []Entry {
	if slices.IsSortedFunc(entries, cmp) {
		return entries
	}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, cmp)
	return entries
}
