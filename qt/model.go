package qt

import "reflect"

// The types in which models travel. Qt keeps them private, so their names differ between versions and compilers.

// Cell is one step on the way from a model's root to an item.
type Cell struct {
	Row    int32 `json:"row"`
	Column int32 `json:"column"`
}

// ModelPath leads from a model's root to an item; the root's own path is empty (Qt: IndexList).
type ModelPath []Cell

// ModelEntry is an item of a model (Qt: IndexValuePair).
type ModelEntry struct {
	Path        ModelPath    `json:"path"`
	Values      []Value      `json:"values"` // in the order of the roles that were asked for
	HasChildren bool         `json:"hasChildren"`
	Flags       int32        `json:"flags"` // Qt::ItemFlags
	Children    []ModelEntry `json:"children"`
	Size        Size         `json:"size"` // of the children: columns by rows, -1 by -1 if it was not asked for
}

// ModelEntries is the answer to a request for rows (Qt: DataEntries).
type ModelEntries []ModelEntry

// ModelCache is the answer to a request for the first rows of a model (Qt: MetaAndDataEntries).
type ModelCache struct {
	Entries ModelEntries `json:"entries"`
	Roles   []int32      `json:"roles"`
	Size    Size         `json:"size"`
}

func init() {
	builtin.add(&Type{kind: kindCodec, name: "QList<ModelIndex>", name5: "IndexList", goType: reflect.TypeFor[ModelPath](),
		codec: wrap(Codec[ModelPath]{decodePath, encodePath})},
		"QVector<ModelIndex>", "QtPrivate::IndexList", "QList<QtPrivate::ModelIndex>", "QVector<QtPrivate::ModelIndex>")
	builtin.add(&Type{kind: kindCodec, name: "DataEntries", name5: "DataEntries", goType: reflect.TypeFor[ModelEntries](),
		codec: wrap(Codec[ModelEntries]{decodeEntries, encodeEntries})}, "QtPrivate::DataEntries")
	builtin.add(&Type{kind: kindCodec, name: "MetaAndDataEntries", name5: "MetaAndDataEntries", goType: reflect.TypeFor[ModelCache](),
		codec: wrap(Codec[ModelCache]{decodeCache, encodeCache})}, "QtPrivate::MetaAndDataEntries")
	for _, e := range []*Enum{
		// Without keys, as Qt 5 packs only the enums whose stream operators repc has written.
		{Name: "Qt::Orientation", Size: 4},
		{Name: "QItemSelectionModel::SelectionFlags", Size: 4, Flag: true, Keys: []EnumKey{{"NoUpdate", 0}, {"Clear", 1},
			{"Select", 2}, {"Deselect", 4}, {"Toggle", 8}, {"Current", 16}, {"Rows", 32}, {"Columns", 64}}},
	} {
		builtin.add(enumType(e))
	}
}

func decodePath(r *Reader) ModelPath {
	path := make(ModelPath, r.Count(8))
	for i := range path {
		path[i] = Cell{r.Int32(), r.Int32()}
	}
	return path
}

func encodePath(w *Writer, path ModelPath) {
	w.Uint32(uint32(len(path)))
	for _, c := range path {
		w.Int32(c.Row)
		w.Int32(c.Column)
	}
}

func decodeEntries(r *Reader) ModelEntries {
	if r.enter("DataEntries"); r.err != nil {
		return nil
	}
	defer func() { r.depth-- }()
	n := r.Count(4 + 4 + 1 + 4 + 4 + 8)
	out := make(ModelEntries, 0, n)
	for len(out) < n && r.err == nil {
		e := ModelEntry{Path: decodePath(r)}
		e.Values = r.list(tList).items()
		e.HasChildren, e.Flags = r.Bool(), r.Int32()
		e.Children = decodeEntries(r)
		e.Size = Size{r.Int32(), r.Int32()}
		out = append(out, e)
	}
	return out
}

func encodeEntries(w *Writer, entries ModelEntries) {
	w.Uint32(uint32(len(entries)))
	for _, e := range entries {
		encodePath(w, e.Path)
		w.Payload(itemsValue(tList, e.Values))
		w.Bool(e.HasChildren)
		w.Int32(e.Flags)
		encodeEntries(w, e.Children)
		putInt32s(w, e.Size.Width, e.Size.Height)
	}
}

func decodeCache(r *Reader) ModelCache {
	c := ModelCache{Entries: decodeEntries(r)}
	c.Roles = make([]int32, r.Count(4))
	for i := range c.Roles {
		c.Roles[i] = r.Int32()
	}
	c.Size = Size{r.Int32(), r.Int32()}
	return c
}

func encodeCache(w *Writer, c ModelCache) {
	encodeEntries(w, c.Entries)
	w.Uint32(uint32(len(c.Roles)))
	putInt32s(w, c.Roles...)
	putInt32s(w, c.Size.Width, c.Size.Height)
}
