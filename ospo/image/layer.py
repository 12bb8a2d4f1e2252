"""The members of one layer, or the files of one folder, to `LayerFacts`, in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ospo.errors import ParseError
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Content, Extractor, File
from ospo.image.facts import FileFacts, LayerFacts, Link
from ospo.image.members import Members, TarMembers
from ospo.image.tar import DIRECTORY, HARD_LINK, REGULAR, SYMBOLIC_LINK, Entry, clean
from ospo.limits import Limits
from ospo.model import Component, Location, Problem, ProblemKind, Record

_HEAD = 16
_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"


@dataclass(slots=True)
class LayerReader:
    """Collects what the members of one layer tell.

    `only` restricts the pass to what an earlier one left `unread`.
    """

    dispatcher: Dispatcher
    limits: Limits
    layered: bool = True
    """False for folders, where a name that starts with `.wh.` is just a name."""
    only: Mapping[bytes, tuple[bytes, ...]] | None = None
    files: list[FileFacts] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    whiteouts: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    _giants: list[bytes] = field(default_factory=list)
    _hard: list[tuple[bytes, bytes]] = field(default_factory=list)
    _siblings: dict[str, bytes] = field(default_factory=dict)
    _waiting: list[tuple[File, tuple[Extractor, ...]]] = field(default_factory=list)
    _held: int = 0

    def read(self, members: Members) -> LayerFacts:
        """Go through all members and return the facts.

        Raises:
            LayerError: the tar is damaged, or a limit is exceeded.
        """
        for entry in members:
            if entry.escapes:
                self._note(entry.path, "its name points above the root; read as a runtime would unpack it")
            if self.only is not None:
                self._read_target(entry, members)
            elif entry.kind == REGULAR:
                self._regular(entry, members)
            else:
                self._other(entry)
        for file, extractors in self._waiting:
            self._extract(replace(file, siblings=self._beside(file, extractors)), extractors)
        return LayerFacts(
            files=tuple(self.files),
            entries=b"\0".join(self.entries).decode("utf-8", "backslashreplace"),
            links=tuple(self.links),
            whiteouts=tuple(self.whiteouts),
            opaque=tuple(self.opaque),
            problems=tuple(self.problems),
        )

    def unread(self) -> dict[bytes, tuple[bytes, ...]]:
        """Return what needs another pass: path in the tar -> paths to read it as.

        These are hard link targets that some extractor wants under the link's name only, and giants that
        turned out to hold what an extractor looks for.
        """
        return self._unread_links() | {path: (path,) for path in self._giants}

    def _unread_links(self) -> dict[bytes, tuple[bytes, ...]]:
        if not self._hard:
            return {}
        read = {(file.path, file.extractor) for file in self.files}
        present = set(self.entries)
        missing: dict[bytes, tuple[bytes, ...]] = {}
        for path, target in self._hard:
            wanted = self.dispatcher.wanted(path)
            if target in present and any((_text(target), e.name) not in read for e in wanted):
                missing[target] = (*missing.get(target, ()), path)
        return missing

    def _regular(self, entry: Entry, members: Members) -> None:
        path = entry.path
        name = path[path.rfind(b"/") + 1 :]
        if self.layered and name.startswith(_WHITEOUT):
            self._whiteout(path, name)
            return
        self.entries.append(path)
        extractors = self.dispatcher.wanted(path)
        if entry.size >= _HEAD and (more := self.dispatcher.by_magic(members.head(_HEAD))):
            if isinstance(members, TarMembers) and not extractors and self._is_giant(entry, more):
                if members.holds(entry, tuple(extractor.needle for extractor in more)):
                    self._giants.append(path)
                return
            extractors = extractors + tuple(extractor for extractor in more if extractor not in extractors)
        sibling = self.dispatcher.is_sibling(path)
        if extractors or sibling:
            self._wanted(entry, extractors, sibling, members)

    def _is_giant(self, entry: Entry, extractors: tuple[Extractor, ...]) -> bool:
        """Tell whether a file is too large to be kept on the mere chance that an extractor can read it.

        Shared libraries of machine-learning stacks have gigabytes and are never what is looked for; large
        programs without such a name mostly are.
        """
        library = entry.path.endswith(b".so") or b".so." in entry.path[entry.path.rfind(b"/") + 1 :]
        large = self.limits.memory_file < entry.size <= self.limits.file_size
        return library and large and not entry.sparse and all(extractor.needle for extractor in extractors)

    def _whiteout(self, path: bytes, name: bytes) -> None:
        """Note a whiteout; a bare `.wh.` names nothing, and only the exact marker makes a folder opaque."""
        folder = path[: -len(name)]
        if name == _OPAQUE:
            self.opaque.append(_text(folder.rstrip(b"/")))
        elif name.startswith(_WHITEOUT + _WHITEOUT):
            return  # other .wh..wh. names are aufs's own bookkeeping (OCI layer.md, "Opaque Whiteout")
        elif len(name) > len(_WHITEOUT):
            self.whiteouts.append(_text(folder + name[len(_WHITEOUT) :]))
        else:
            self._note(path, "a whiteout that names nothing; ignored")

    def _other(self, entry: Entry) -> None:
        path = entry.path
        if entry.kind == DIRECTORY:
            self.entries.append(path + b"/")
            return
        self.entries.append(path)
        if entry.kind == SYMBOLIC_LINK:
            self.links.append(Link(_text(path), _text(entry.link)))
        elif entry.kind == HARD_LINK:
            target = clean(entry.link)[0]
            self._hard.append((path, target))
            self.links.append(Link(_text(path), _text(target), hard=True))

    def _read_target(self, entry: Entry, members: Members) -> None:
        aliases = (self.only or {}).get(entry.path)
        if not aliases or entry.kind != REGULAR:
            return
        content = self._content(entry, members)
        if content is None:
            return
        magic = self.dispatcher.by_magic(content.read(0, _HEAD))
        for alias in aliases:
            file = File(_text(alias), entry.size, entry.mode, content, limits=self.limits)
            self._extract(file, magic if alias == entry.path else self.dispatcher.wanted(alias))

    def _wanted(
        self, entry: Entry, extractors: tuple[Extractor, ...], sibling: bool, members: Members
    ) -> None:
        content = self._content(entry, members, extractors)
        if content is None:
            return
        path = _text(entry.path)
        if sibling and self._hold(entry):
            self._siblings[path] = content.read(0, entry.size)
        file = File(path, entry.size, entry.mode, content, limits=self.limits)
        later = tuple(extractor for extractor in extractors if extractor.siblings)
        if later and self._hold(entry):
            self._waiting.append((file, later))
        else:
            later = ()
        self._extract(file, tuple(extractor for extractor in extractors if extractor not in later))

    def _beside(self, file: File, extractors: tuple[Extractor, ...]) -> dict[str, bytes]:
        folder = file.folder + "/" if file.folder else ""
        names = {name for extractor in extractors for name in extractor.siblings}
        return {name: self._siblings[folder + name] for name in names if folder + name in self._siblings}

    def _hold(self, entry: Entry) -> bool:
        """Tell whether a file may wait in memory for the end of the layer."""
        if self._held + entry.size > self.limits.held_size:
            self._note(entry.path, "files beside it are not looked at: limits.held_size is reached")
            return False
        self._held += entry.size
        return True

    def _content(
        self, entry: Entry, members: Members, extractors: tuple[Extractor, ...] = ()
    ) -> Content | None:
        blocking = any(extractor.database for extractor in extractors)
        if entry.sparse:
            self._note(entry.path, "is stored as a sparse file, which is not read", blocking=blocking)
            return None
        if entry.size > self.limits.file_size:
            message = f"has {entry.size} bytes, more than limits.file_size ({self.limits.file_size})"
            self._note(entry.path, message, blocking=blocking)
            return None
        try:
            return members.content(entry)
        except ParseError as error:
            self._note(entry.path, error.message, blocking=blocking)
            return None

    def _note(self, path: bytes, message: str, *, blocking: bool = False) -> None:
        kind = ProblemKind.DATABASE if blocking else ProblemKind.FILE
        self.problems.append(Problem(kind, _text(path), message, blocking=blocking))

    def _extract(self, file: File, extractors: tuple[Extractor, ...]) -> None:
        for extractor in extractors:
            records, problem = extract(extractor, file)
            if records:
                self.files.append(FileFacts(file.path, extractor.name, records))
            if problem is not None:
                self.problems.append(problem)


def extract(extractor: Extractor, file: File) -> tuple[tuple[Record, ...], Problem | None]:
    """Run one extractor over one file; what it yielded before it failed is kept."""
    records: list[Record] = []
    try:
        records.extend(_complete(record, extractor, file) for record in extractor.extract(file))
    except ParseError as error:
        kind = ProblemKind.DATABASE if extractor.database else ProblemKind.FILE
        message = f"{extractor.name}: {error.message}"
        return tuple(records), Problem(kind, file.path, message, error.hint, extractor.database)
    return tuple(records), None


def _complete(component: Record, extractor: Extractor, file: File) -> Record:
    if not isinstance(component, Component):
        return component
    evidence = component.evidence if component.evidence != "installed" else extractor.evidence
    locations = (Location(file.path),)
    return replace(component, evidence=evidence, found_by=extractor.name, locations=locations)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
