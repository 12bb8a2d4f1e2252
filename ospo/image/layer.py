"""The members of one layer, or the files of one folder, to `LayerFacts`, in one pass."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ospo.errors import LayerError, ParseError
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Content, Extractor, File, Head, Held
from ospo.image.facts import FileFacts, LayerFacts, Link, moved
from ospo.image.members import Members, TarMembers
from ospo.image.paths import text, texts
from ospo.image.settle import Names, Settled, Target, settle
from ospo.image.tar import DIRECTORY, HARD_LINK, REGULAR, SYMBOLIC_LINK, Entry, clean
from ospo.limits import Limits
from ospo.model import Component, Location, Problem, ProblemKind, Record

_HEAD = 16
_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_WAITING_COST = 512  # bytes of memory for a file that waits, beside its own
_MOST_PROBLEMS = 1000


@dataclass(slots=True)
class LayerReader:
    """Collects what the members of one layer tell.

    `only` restricts the pass to what an earlier one left `unread`.
    """

    dispatcher: Dispatcher
    limits: Limits
    layered: bool = True
    """False for folders, where a name that starts with `.wh.` is just a name."""
    only: Mapping[int, tuple[bytes, ...]] | None = None
    _names: Names = field(default_factory=Names)
    _files: dict[int, list[FileFacts]] = field(default_factory=lambda: defaultdict(list))
    """By the position of the entry that they were read from."""
    _problems: list[Problem] = field(default_factory=list)
    _giants: list[int] = field(default_factory=list)
    _unread: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    _siblings: dict[str, bytes] = field(default_factory=dict)
    _waiting: list[tuple[int, File, tuple[Extractor, ...]]] = field(default_factory=list)
    _held: int = 0
    _unlisted: int = 0

    def read(self, members: Members) -> LayerFacts:
        """Go through all members and return the facts.

        Raises:
            LayerError: the tar is damaged, or a limit is exceeded.
        """
        for entry in members:
            if entry.escapes:
                self._note(entry.path, "its name points above the root; read as a runtime would unpack it")
            # What would replace the root is ignored by runtimes; markers count whatever their kind.
            if entry.path and not (self.layered and _WHITEOUT in entry.path and self._is_marker(entry.path)):
                self._member(entry, members)
        for at, file, extractors in self._waiting:
            self._extract(at, replace(file, siblings=self._beside(file, extractors)), extractors)
        return self._facts(settle(self._names, self.limits))

    def unread(self) -> dict[int, tuple[bytes, ...]]:
        """Return what needs another pass: position of the entry -> paths to read it as.

        These are files that some extractor wants only under the name of a hard link or under the path that
        symbolic links lead to, and giants that turned out to hold what an extractor looks for.
        """
        return {at: tuple(paths) for at, paths in sorted(self._unread.items())}

    def _is_marker(self, path: bytes) -> bool:
        """Note a whiteout; a bare `.wh.` names nothing, and only the exact marker makes a folder opaque."""
        folder, _, name = path.rpartition(b"/")
        if not name.startswith(_WHITEOUT):
            return False
        hidden = name[len(_WHITEOUT) :]
        if name == _OPAQUE:
            self._names.opaque.append(folder)
        elif hidden in (b"", b".", b".."):
            self._note(path, "a whiteout that names nothing; ignored")
        elif not hidden.startswith(_WHITEOUT):
            # Other .wh..wh. names are aufs's own bookkeeping (OCI layer.md, "Opaque Whiteout").
            self._names.whiteouts.append(folder + b"/" + hidden if folder else hidden)
        return True

    def _member(self, entry: Entry, members: Members) -> None:
        at, path = len(self._names.entries), entry.path
        self._names.entries.append(path + b"/" if entry.kind == DIRECTORY else path)
        if entry.kind == REGULAR:
            if self.only is None:
                self._regular(at, entry, members)
            elif at in self.only:
                self._again(at, entry, members, self.only[at])
        elif entry.kind == SYMBOLIC_LINK:
            self._names.targets[at] = Target(entry.link, hard=False)
        elif entry.kind == HARD_LINK:
            self._names.targets[at] = Target(clean(entry.link)[0], hard=True)
        elif self.only is None and self._is_database(path):
            what = "folder" if entry.kind == DIRECTORY else "device or pipe"
            self._note(path, f"is a {what} where a package database is looked for", blocking=True)

    def _is_database(self, path: bytes) -> bool:
        return any(extractor.database for extractor in self.dispatcher.wanted(path))

    def _regular(self, at: int, entry: Entry, members: Members) -> None:
        path = entry.path
        extractors = self.dispatcher.wanted(path)
        try:
            more = self._by_magic(entry, members)
        except ParseError as error:
            self._unreadable(path, error, extractors)
            return
        if more:
            if isinstance(members, TarMembers) and not extractors and self._is_giant(entry, more):
                if members.holds(entry, tuple(extractor.needle for extractor in more)):
                    self._giants.append(at)
                return
            extractors = extractors + tuple(extractor for extractor in more if extractor not in extractors)
        sibling = self.dispatcher.is_sibling(path)
        if extractors or sibling:
            self._wanted(at, entry, extractors, sibling, members)
        elif entry.sparse and entry.mode & 0o111:
            self._note(path, "is a program stored as a sparse file, which is not read")

    def _by_magic(self, entry: Entry, members: Members) -> tuple[Extractor, ...]:
        if entry.size < _HEAD or not self.dispatcher.may_be_magic(members.head(2)):
            return ()
        return self.dispatcher.by_magic(members.head(_HEAD))

    def _is_giant(self, entry: Entry, extractors: tuple[Extractor, ...]) -> bool:
        """Tell whether a file is too large to be kept on the mere chance that an extractor can read it.

        Shared libraries of machine-learning stacks have gigabytes and are never what is looked for; large
        programs without such a name mostly are.
        """
        library = entry.path.endswith(b".so") or b".so." in entry.path[entry.path.rfind(b"/") + 1 :]
        large = self.limits.memory_file < entry.size <= self.limits.file_size
        return library and large and not entry.sparse and all(extractor.needle for extractor in extractors)

    def _again(self, at: int, entry: Entry, members: Members, paths: tuple[bytes, ...]) -> None:
        """Read a file under names that only the end of the first pass knew."""
        by_name = {extractor.name: extractor for path in paths for extractor in self.dispatcher.wanted(path)}
        magic = self._by_magic(entry, members)
        extractors = tuple(by_name.values())
        content = self._content(entry, members, extractors, _head(extractors + magic))
        if content is None:
            return
        for path in paths:
            file = File(text(path), entry.size, entry.mode, content, limits=self.limits)
            extractors = self.dispatcher.wanted(path)
            self._extract(at, file, extractors + tuple(e for e in magic if e not in extractors))

    def _wanted(
        self, at: int, entry: Entry, extractors: tuple[Extractor, ...], sibling: bool, members: Members
    ) -> None:
        head = 0 if sibling else _head(extractors)
        content = self._content(entry, members, extractors, head)
        if content is None:
            return
        kept = min(head or entry.size, entry.size)
        later = tuple(extractor for extractor in extractors if extractor.siblings)
        if (sibling or later) and not self._hold(entry, kept):
            sibling, later = False, ()
        data = b""
        if sibling or later:
            # What waits is held in memory: a scan cannot have a thousand files open.
            try:
                data = content.read(0, kept)
            except ParseError as error:
                self._unreadable(entry.path, error, extractors)
                return
            content = Held(data) if kept == entry.size else Head(Held(data), kept)
        file = File(text(entry.path), entry.size, entry.mode, content, limits=self.limits)
        if sibling:
            self._siblings[file.path] = data
        if later:
            self._waiting.append((at, file, later))
        self._extract(at, file, tuple(extractor for extractor in extractors if extractor not in later))

    def _beside(self, file: File, extractors: tuple[Extractor, ...]) -> dict[str, bytes]:
        folder = file.folder + "/" if file.folder else ""
        names = {name for extractor in extractors for name in extractor.siblings}
        return {name: self._siblings[folder + name] for name in names if folder + name in self._siblings}

    def _hold(self, entry: Entry, kept: int) -> bool:
        """Tell whether a file may wait in memory for the end of the layer."""
        cost = kept + len(entry.path) + _WAITING_COST
        if self._held + cost > self.limits.held_size:
            self._note(entry.path, "is not seen together with files beside it (limits.held_size)")
            return False
        self._held += cost
        return True

    def _content(
        self, entry: Entry, members: Members, extractors: tuple[Extractor, ...], head: int
    ) -> Content | None:
        blocking = any(extractor.database for extractor in extractors)
        if entry.sparse:
            self._note(entry.path, "is stored as a sparse file, which is not read", blocking=blocking)
            return None
        if min(head or entry.size, entry.size) > self.limits.file_size:
            message = f"has {entry.size} bytes, more than limits.file_size ({self.limits.file_size})"
            self._note(entry.path, message, blocking=blocking)
            return None
        try:
            return members.content(entry, head)
        except ParseError as error:
            self._unreadable(entry.path, error, extractors)
            return None

    def _unreadable(self, path: bytes, error: ParseError, extractors: tuple[Extractor, ...]) -> None:
        blocking = any(extractor.database for extractor in extractors)
        self._note(path, error.message, error.hint, blocking=blocking)

    def _note(self, path: bytes, message: str, hint: str = "", *, blocking: bool = False) -> None:
        kind = ProblemKind.DATABASE if blocking else ProblemKind.FILE
        self._add(Problem(kind, text(path), message, hint, blocking))

    def _add(self, problem: Problem) -> None:
        """List a problem; what blocks is listed always, of the others not more than anybody reads."""
        if problem.blocking or len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(problem)
        else:
            self._unlisted += 1

    def _extract(self, at: int, file: File, extractors: tuple[Extractor, ...]) -> None:
        for extractor in extractors:
            records, problem = extract(extractor, file)
            if records:
                self._files[at].append(FileFacts(file.path, extractor.name, records))
            if problem is not None:
                self._add(problem)

    def _facts(self, settled: Settled) -> LayerFacts:
        if self.only is None:
            self._look_at_names(settled)
        files = tuple(facts for at in self._files for facts in self._named(at, settled))
        if self._unlisted:
            message = f"has {self._unlisted} further problems that are not listed"
            self._problems.append(Problem(ProblemKind.LAYER, "", message))
        return LayerFacts(
            files=files,
            entries=texts(settled.entries),
            links=tuple(self._links(settled)),
            whiteouts=tuple(map(text, settled.whiteouts)),
            opaque=tuple(map(text, settled.opaque)),
            implied=tuple(sorted(map(text, settled.implied))),
            problems=tuple(self._problems),
        )

    def _look_at_names(self, settled: Settled) -> None:
        """Find what is wanted under names that it was not read by."""
        for at in self._giants:
            self._unread[at] += settled.of(at, self._names.entries[at])[:1]
        for at, paths in settled.names.items():
            if len(paths) > (most := self.dispatcher.most_names):
                message = f"has {len(paths)} names, more than the {most} that are looked at"
                left = set(paths).difference(self._most(paths))
                self._note(paths[0], message, blocking=any(map(self._is_database, left)))
            read = {facts.extractor for facts in self._files.get(at, ())}
            for path in self._most(paths) if at not in self._names.targets else ():
                if any(extractor.name not in read for extractor in self.dispatcher.wanted(path)):
                    self._unread[at].append(path)
        for at, target in self._names.targets.items():
            for path in settled.of(at, self._names.entries[at]):
                self._look_at_link(path, target)

    def _most(self, paths: list[bytes]) -> list[bytes]:
        """Choose the names of a file to look at: its first, then those of databases, then the others."""
        most = self.dispatcher.most_names
        if len(paths) <= most:
            return paths
        return [paths[0], *sorted(paths[1:], key=self._is_database, reverse=True)][:most]

    def _look_at_link(self, path: bytes, target: Target) -> None:
        """Note links at whose name an extractor looks for what it cannot find there.

        Runtimes link to files of the same layer only; a symbolic link is resolved when all layers are known,
        which is too late to read its target, so the target's own name has to be one that is read.
        """
        wanted = self.dispatcher.wanted(path)
        if not wanted:
            return
        databases = any(extractor.database for extractor in wanted)
        if target.hard:
            self._note(path, "is a hard link to what its layer does not hold", blocking=databases)
        elif databases:
            folder = b"" if target.path.startswith(b"/") else path.rpartition(b"/")[0] + b"/"
            there = self.dispatcher.wanted(clean(folder + target.path)[0])
            if any(extractor.database and extractor not in there for extractor in wanted):
                self._note(path, "is a symbolic link to a file that is not read", blocking=True)

    def _named(self, at: int, settled: Settled) -> Iterator[FileFacts]:
        """Give what was read from an entry at its path, and at those of its hard links that want it too."""
        own = self._names.entries[at]
        paths = settled.of(at, own) if self.only is None else []
        by_name = {extractor.name for extractor in self.dispatcher.wanted(own)}
        for facts in self._files[at]:
            if self.only is not None:
                yield facts
            for number, path in enumerate(self._most(paths)):
                wanted = (extractor.name for extractor in self.dispatcher.wanted(path))
                if not number or facts.extractor not in by_name or facts.extractor in wanted:
                    yield moved(facts, text(path))

    def _links(self, settled: Settled) -> Iterator[Link]:
        for at, target in self._names.targets.items():
            for path in settled.of(at, self._names.entries[at]):
                if not target.hard or self.dispatcher.wanted(path):
                    yield Link(text(path), text(target.path), target.hard)


def _head(extractors: tuple[Extractor, ...]) -> int:
    """Return how many first bytes of a file are all that these read, 0 where one reads everything."""
    heads = [extractor.head for extractor in extractors]
    return max(heads) if heads and all(heads) else 0


def extract(extractor: Extractor, file: File) -> tuple[tuple[Record, ...], Problem | None]:
    """Run one extractor over one file; what it yielded before it failed is kept.

    Raises:
        LayerError: memory is exhausted.
    """
    records: list[Record] = []
    message = hint = ""
    try:
        for record in extractor.extract(file):
            records.append(_complete(record, extractor, file))  # noqa: PERF401 - kept when the next one fails
    except ParseError as error:
        message, hint = error.message, error.hint
    except MemoryError as error:
        raise LayerError(f"there is not enough memory for {file.path}") from error
    except Exception as error:  # noqa: BLE001 - a defect of one extractor must cost one file, not the scan
        message, hint = f"failed ({type(error).__name__})", "this is a defect of ospo: please report it"
    if not message:
        return tuple(records), None
    kind = ProblemKind.DATABASE if extractor.database else ProblemKind.FILE
    return tuple(records), Problem(kind, file.path, f"{extractor.name}: {message}", hint, extractor.database)


def _complete(component: Record, extractor: Extractor, file: File) -> Record:
    if not isinstance(component, Component):
        return component
    evidence = component.evidence if component.evidence != "installed" else extractor.evidence
    locations = (Location(file.path),)
    return replace(component, evidence=evidence, found_by=extractor.name, locations=locations)
